"""A project folder with small drawn pictures in place of renders, photos and results, to try the report on."""

import hashlib
import json
import math
import random
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from cad2real.files import write_json


def fake_project(root: Path, labels: list[str], parts_per_label: int = 1, photos: int = 6, seed: int = 0) -> None:
    """Writes all artifacts; each label is a polygon, and the adapted model errs less than the one before."""
    rng = random.Random(seed)
    data = root / "data"
    rows = ["square,photo,label,x_min,y_min,x_max,y_max,crop_x,crop_y,crop_side,border,content_key"]
    squares: list[tuple[str, str]] = []
    part_ids = []
    (data / "squares").mkdir(parents=True)
    for number, label in enumerate(labels):
        for copy in range(parts_per_label):
            part_id = label if parts_per_label == 1 else f"{label}_{copy}"
            part_ids.append(part_id)
            _fake_part(data / "renders" / part_id, part_id, label, number)
        for photo in range(photos):
            name = f"{len(squares):05d}_{photo}.jpg"
            picture = Image.new("RGB", (64, 64), (150 + rng.randint(-30, 30), 130, 110))
            _polygon(picture, number, rng.uniform(0, 6), 20, (110, 112, 118))
            picture.save(data / "squares" / name, quality=80)
            squares.append((name, label))
            rows.append(f"{name},{label}/{photo}.jpg,{label},,,,,0,0,64,none,{number:016x}")
    (data / "squares" / "photos.csv").write_text("\n".join(rows) + "\n")
    write_json(data / "squares" / "skipped.json", [
        {"thing": "nut/broken.jpg", "where": "data/photos", "reason": "is damaged. Copy it again."},
    ])  # fmt: skip
    failed = {"thing": "rivet", "where": "data/parts/parts.csv row 9", "reason": "Blender stopped twice. Check it."}
    write_json(data / "renders/renders.json", {"parts": sorted(part_ids), "failed": [failed]})
    skipped = {"thing": "ghost", "where": "data/parts/parts.csv row 7", "reason": "ghost.step is missing. Add it."}
    write_json(data / "catalogue.json", {"parts": [], "skipped": [skipped], "notes": []})
    evaluation: dict[str, Any] = {
        "classes": labels, "photos": len(squares), "seed": 0, "classes_without_cad": {"cotter": 3},
        "source_only": _scores(labels, squares, 0.5, rng), "adapted": _scores(labels, squares, 0.88, rng),
    }  # fmt: skip
    if photos:
        evaluation["selection"] = _selection()
        write_json(data / "reports/gap.json", _gap(labels, rng))
    write_json(data / "reports/evaluation.json", evaluation)
    write_json(data / "models/adapt/model.json", _model(labels, len(squares)))
    write_json(data / "index/retrieval.json", {"photos": len(squares), "top1": 0.871, "top5": 0.97})
    scores = {"photos": len(squares), "accuracy_1": 0.871, "accuracy_5": 0.97, "accuracy_10": 0.99}
    scores |= {"mean_average_precision": 0.912, "ndcg_10": 0.934}
    head = {"kind": "color", "values": ["", "red"], "accuracy": 0.733, "said": 0.4, "right_when_said": 0.901}
    write_json(data / "index/looks.json", {"heads": [head]})
    write_json(data / "index/scores.json", {"answers": scores, "views": {**scores, "accuracy_1": 0.512}})
    write_json(data / "reports/search.json", _left_out(data, labels))
    examples = []
    for name, label in squares[:: max(1, len(squares) // 12)][:12]:
        order = sorted(part_ids, key=lambda part_id: (not part_id.startswith(label), rng.random()))[:5]
        if rng.random() < 0.3:
            order = order[::-1]
        found = [
            {"rank": rank, "part_id": part_id, "label": _label(part_id, labels), "name": part_id.title(),
             "distance": 0.1 + 0.13 * rank, "view": f"{part_id}/view_001.png"}
            for rank, part_id in enumerate(order, 1)
        ]  # fmt: skip
        examples.append({"square": name, "photo": name, "label": label, "right": found[0]["label"] == label,
                         "found": found})  # fmt: skip
    write_json(data / "index/examples.json", examples)


def _left_out(data: Path, labels: list[str]) -> dict[str, Any]:
    """What `cad2real search evaluate` wrote of this index, each label looking most like the next."""
    write_json(data / "index/index.json", {"parts": [], "rows": []})
    of = {"index": data / "index/index.json", "photos": data / "squares/photos.csv"}
    one = {"known": 20, "new": 24, "auroc": 0.471, "false_alarms_at_95": 0.913, "known_rejected": 0.021,
           "new_detected": 0.037, "accuracy": 0.508}  # fmt: skip
    without_threshold = {**one, "auroc": 0.776, "known_rejected": None, "new_detected": None, "accuracy": None}
    ways = {"by_renders": one, "by_photos": without_threshold}
    pairs = zip(labels, labels[1:] + labels[:1], strict=True)
    classes = [{"label": label, "look_alike": other, "similarity": 0.67, **ways} for label, other in pairs]
    return {
        "of": {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in of.items()},
        "not_in_catalogue": {"by_renders": {**one, "auroc": 0.681}},
        "look_alikes": {"most_alike": ways, "least_alike": ways, "classes": classes},
    }


def _label(part_id: str, labels: list[str]) -> str:
    return part_id if part_id in labels else part_id.rpartition("_")[0]


def _fake_part(folder: Path, part_id: str, label: str, number: int) -> None:
    folder.mkdir(parents=True)
    views = []
    for view in range(6):
        picture = Image.new("RGBA", (64, 64))
        _polygon(picture, number, view * 0.5, 26, (170, 175, 184, 255))
        picture.save(folder / f"view_{view:03d}.png")
        views.append({"file": f"view_{view:03d}.png"})
    material = {"material": "steel", "surface": "galvanized", "color": "natural"}
    said = {"part_id": part_id, "label": label, "name": part_id.replace("_", " ").title(), "views": views,
            "material": material, "size_mm": [30, 8, 8]}  # fmt: skip
    (folder / "part.json").write_text(json.dumps(said))


def _polygon(picture: Image.Image, number: int, turn: float, radius: int, color: tuple[int, ...]) -> None:
    corners = 3 + number % 6
    points = [
        (
            32 + radius * math.cos(turn + 2 * math.pi * k / corners),
            32 + radius * math.sin(turn + 2 * math.pi * k / corners),
        )
        for k in range(corners)
    ]
    ImageDraw.Draw(picture).polygon(points, fill=color, outline=tuple(value // 2 for value in color[:3]))


def _scores(labels: list[str], squares: list[tuple[str, str]], skill: float, rng: random.Random) -> dict[str, Any]:
    place = {label: number for number, label in enumerate(labels)}
    confusion = [[0] * len(labels) for _ in labels]
    predictions = []
    for name, label in squares:
        near = labels[(place[label] + rng.choice([1, 1, 2])) % len(labels)]
        predicted = label if rng.random() < skill else near
        confusion[place[label]][place[predicted]] += 1
        predictions.append({"square": name, "label": label, "predicted": predicted, "confidence": rng.random()})
    per_class: list[dict[str, Any]] = []
    for number, label in enumerate(labels):
        count, correct = sum(confusion[number]), confusion[number][number]
        named = sum(row[number] for row in confusion)
        per_class.append({"label": label, "photos": count, "correct": correct, "accuracy": correct / max(count, 1),
                          "precision": correct / named if named else None})  # fmt: skip
    accuracies = [row["accuracy"] for row in per_class]
    correct = sum(row["correct"] for row in per_class)
    calibration = {"temperature": 1.3, "ece": 0.12, "ece_scaled": 0.05, "held_out_renders": 40}
    return {"accuracy": correct / max(len(squares), 1), "mean_per_class": sum(accuracies) / len(accuracies),
            "macro_f1": skill, "top5_accuracy": 0.99, "calibration": calibration,
            "per_class": per_class, "confusion": confusion, "predictions": predictions}  # fmt: skip


def _model(labels: list[str], photos: int) -> dict[str, Any]:
    scores = [(0.9 + 0.05 * math.sin(k), 1 + math.log(k + 1) - 0.02 * k * k) for k in range(12)]
    return {
        "classes": labels, "backbone": "tf_efficientnet_lite0", "image_size": 160, "seed": 0, "stage": "adapt",
        "adapted": True, "method": "0.1 cdan + 1 mcc", "source_images": 320, "target_images": photos,
        "chosen": "epoch 8", "chosen_by": "information_maximisation", "versions": {"torch": "2.14.1"},
        "candidates": [
            {"name": f"epoch {k + 1}", "scores": {"source_accuracy": a, "information_maximisation": b}}
            for k, (a, b) in enumerate(scores)
        ],
    }  # fmt: skip


def _selection() -> dict[str, Any]:
    best = {"name": "epoch 7", "accuracy": 0.93, "mean_per_class": 0.9}
    rows = [
        ("snd", "epoch 1", 0.6, -0.7),
        ("information_maximisation", "epoch 8", 0.88, 0.95),
        ("mano", "x", 0.7, None),
    ]
    return {
        "chosen": "epoch 8", "chosen_by": "information_maximisation", "gate": 0.05, "photos": 18, "oracle": best,
        "scores": [
            {"score": name, "pick": pick, "accuracy": share, "mean_per_class": share, "regret": 0.9 - share,
             "spearman": correlation}
            for name, pick, share, correlation in rows
        ],
        "candidates": [best],
    }  # fmt: skip


def _gap(labels: list[str], rng: random.Random) -> dict[str, Any]:
    points = [[rng.random(), rng.random(), label] for label in labels for _ in range(4)]
    before = {"mmd": 0.2, "kid": 0.01, "frechet": 4.0, "coral": None, "proxy_a_distance": 1.9}
    after = {"mmd": 0.1, "kid": 0.02, "frechet": 4.0, "coral": None, "proxy_a_distance": 0.4}
    return {"renders": len(points), "photos": len(points), "seed": 0, "source_only": before, "adapted": after,
            "map": {"renders": points, "photos": [*points[:-1], [0.5, 0.5, ""]]}}  # fmt: skip
