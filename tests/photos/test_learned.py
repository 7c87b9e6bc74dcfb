"""Labels of photos that train are told apart from those that score: no photo, nor one that looks alike, does both."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from photos.boxes import boxes_in
from photos.export import export_boxes
from photos.learned import with_all_labels
from photos.manifest import read_manifest
from photos.stage import Outcome, Training, make_squares
from search.web.feedback import Said, append
from tests.photos.test_duplicates import scene
from train.data.datasets import target_labels

CSV = Training("csv")


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Four nuts, of which one is there again under another name and one looks like another; two bolts in one photo."""
    folder = tmp_path / "shots"
    for label in ("nut", "bolt"):
        (folder / label).mkdir(parents=True)
    for number in range(3):
        scene(number).save(folder / "nut" / f"{number}.jpg", quality=92)
    (folder / "bolt" / "copy.jpg").write_bytes((folder / "nut" / "0.jpg").read_bytes())
    scene(0).resize((240, 180)).save(folder / "nut" / "smaller.jpg", quality=70)
    scene(9).save(folder / "bolt" / "two.jpg", quality=92)
    (folder / "boxes.csv").write_text(
        "image,label,x_min,y_min,x_max,y_max\nbolt/two.jpg,bolt,10,10,110,110\nbolt/two.jpg,bolt,200,100,300,220\n"
    )
    return folder


def make(shots: Path, training: Training, table: str | None = None) -> tuple[Outcome, Path]:
    if table is not None:
        (shots / "training_labels.csv").write_text(table)
    out = shots.parent / "squares"
    return make_squares(shots, boxes_in(shots), "shift", 32, out, training=training), out


def learned(out: Path) -> list[tuple[str, str, str]]:
    return [
        (one["photo"], one["label"], one["from"]) for one in json.loads((out / "labels.json").read_text())["photos"]
    ]


def scoring(out: Path) -> set[str]:
    return {row.photo for row in read_manifest(out) if row.label}


def test_without_labels_that_train_all_score(shots: Path) -> None:
    _, out = make(shots, Training(), "image,label\nnut/0.jpg,nut\n")
    assert learned(out) == [] and len(target_labels(out)) == 6  # of seven squares the copy is the second one
    assert scoring(out) == {"nut/0.jpg", "nut/1.jpg", "nut/2.jpg", "nut/smaller.jpg", "bolt/copy.jpg", "bolt/two.jpg"}


def test_a_photo_whose_label_trains_does_not_score_nor_what_looks_the_same(shots: Path) -> None:
    outcome, out = make(shots, CSV, "image,label\nnut/0.jpg,nut\n")
    assert learned(out) == [("nut/0.jpg", "nut", "csv")]
    assert scoring(out) == {"nut/1.jpg", "nut/2.jpg", "bolt/two.jpg"}
    assert "1 labels train; 3 squares" in outcome.notes[-1] and outcome.skipped == []


def test_all_parts_in_a_photo_with_a_label_that_trains_are_left_out(shots: Path) -> None:
    table = "image,label,x_min,y_min,x_max,y_max\nbolt/two.jpg,bolt,205,100,300,215\nnut/1.jpg,,,,,\n"
    _, out = make(shots, CSV, table)
    (row,) = json.loads((out / "labels.json").read_text())["photos"]
    assert [one.x_min for one in read_manifest(out) if one.square == row["square"]] == ["200"]
    assert "bolt/two.jpg" not in scoring(out) and "nut/1.jpg" in scoring(out)


def test_what_is_written_down_for_people_keeps_all_labels(shots: Path) -> None:
    table = "image,label,x_min,y_min,x_max,y_max\nbolt/two.jpg,washer,205,100,300,215\n"
    _, out = make(shots, CSV, table)
    known = {(row.photo, row.x_min): row.label for row in with_all_labels(out)}
    assert known["bolt/two.jpg", "200"] == "washer" and known["bolt/two.jpg", "10"] == "bolt"
    assert known["nut/1.jpg", ""] == "nut" and len(known) == 7
    assert "bolt/two.jpg" not in scoring(out)
    export_boxes(out, shots, "coco", shots.parent / "coco")
    names = {one["name"] for one in json.loads((shots.parent / "coco/annotations.json").read_text())["categories"]}
    assert names == {"washer", "bolt"}


def test_the_table_may_name_another_label_than_the_folder_and_is_never_taken_for_boxes(shots: Path) -> None:
    (shots / "boxes.csv").unlink()
    _, out = make(shots, CSV, "image,label\nnut/2.jpg,washer\n")
    assert learned(out) == [("nut/2.jpg", "washer", "csv")]
    assert boxes_in(shots) is None and len(read_manifest(out)) == 6


def test_labels_of_folders_train_all_at_once(shots: Path) -> None:
    scene(5).save(shots / "loose.jpg")
    _, out = make(shots, Training("folders"))
    assert len(learned(out)) == 6 and scoring(out) == set()
    assert ("bolt/copy.jpg", "bolt", "folders") in learned(out)  # nut/0.jpg repeats it


def test_what_a_table_cannot_mean_is_listed_and_the_rest_trains(shots: Path) -> None:
    table = (
        "image,label,x_min,y_min,x_max,y_max\n"
        "nut/9.jpg,nut,,,,\nbolt/two.jpg,bolt,,,,\nbolt/two.jpg,bolt,400,10,440,50\n"
        "nut/2.jpg,nut,,,,\nnut/2.jpg,bolt,,,,\nnut/1.jpg,nut,a,b,c,d\nnut/smaller.jpg,nut,,,,\n"
    )
    outcome, out = make(shots, CSV, table)
    assert learned(out) == [("nut/smaller.jpg", "nut", "csv")]
    reasons = " ".join(str(one) for one in outcome.skipped)
    assert len(outcome.skipped) == 5
    for said in ("no photo that there is", "shows 2 parts", "no part where the box is", "bolt", "not four numbers"):
        assert said in reasons


def test_without_a_table_nothing_trains_and_it_is_said(shots: Path) -> None:
    outcome, out = make(shots, CSV)
    assert learned(out) == [] and "cad2real label" in outcome.skipped[0].reason and len(scoring(out)) == 6


def said(part: str, box: str = "") -> Said:
    return Said(part, part, "corrected", "nut", 0.1, "key", box)


def jpeg(folder: Path, seed: int) -> bytes:
    path = folder / "asked.jpg"
    scene(seed).resize((400, 300)).save(path, quality=80)
    return path.read_bytes()


def test_feedback_trains_only_where_it_is_asked_for(shots: Path) -> None:
    log = shots.parent / "feedback"
    append(log, "aa11", [jpeg(shots.parent, 2)], said("bolt"))
    append(log, "aa11", [jpeg(shots.parent, 2)], said("nut"))
    append(log, "bb22", [jpeg(shots.parent, 7)], said("bolt", "20,20,200,180"))
    _, out = make(shots, Training())
    assert learned(out) == [] and not list(out.glob("feedback*"))
    _, out = make(shots, Training(feedback=log))
    assert learned(out) == [
        ("feedback/photos/aa11.jpg", "nut", "feedback"), ("feedback/photos/bb22.jpg", "bolt", "feedback"),
    ]  # fmt: skip
    assert "nut/2.jpg" not in scoring(out)  # somebody has asked with the same photo
    assert {path.name for path in out.glob("feedback*")} == {"feedback_00000.jpg", "feedback_00001.jpg"}
    with Image.open(out / "feedback_00001.jpg") as square:
        assert square.size == (32, 32)
    assert "feedback" not in (out / "photos.csv").read_text()


def test_a_damaged_log_costs_its_own_lines(shots: Path) -> None:
    log = shots.parent / "feedback"
    append(log, "aa11", [jpeg(shots.parent, 7)], said("bolt"))
    append(log, "bb22", [b"no picture"], said("bolt"))
    with (log / "log.jsonl").open("a") as lines:
        for photo in ("../../secret.jpg", "photos/gone.jpg"):
            lines.write(json.dumps({"photo": photo, "label": "nut", "box": ""}) + "\n")
        lines.write('{"photo": "photos/aa11.jpg", "label": "nut", "box": "1,2,x,4"}\n[1]\n{"cut off\n')
    outcome, out = make(shots, Training(feedback=log))
    assert learned(out) == [("feedback/photos/aa11.jpg", "bolt", "feedback")]
    assert len(outcome.skipped) == 6 and all("secret" not in str(one) for one in outcome.skipped)
