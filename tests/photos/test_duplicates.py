"""Photos that are there twice are found, listed and scored once; those that look alike are only listed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photos.duplicates import Print, alike_photos, print_of, read_prints, same_photos
from photos.manifest import read_manifest
from photos.stage import make_squares
from train.data.datasets import target_labels

HEADER = "image,label,x_min,y_min,x_max,y_max\n"


def scene(seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 255, (9, 12, 3), np.uint8))
    return small.resize((480, 360), Image.Resampling.BICUBIC)


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    folder = tmp_path / "shots"
    for label in ("nut", "bolt"):
        (folder / label).mkdir(parents=True)
    for number in range(3):
        scene(number).save(folder / "nut" / f"{number}.jpg", quality=92)
    (folder / "nut" / "copy.jpg").write_bytes((folder / "nut" / "0.jpg").read_bytes())
    scene(1).save(folder / "bolt" / "1 again.jpg", quality=92, comment="the same pixels in other bytes")
    scene(2).resize((240, 180)).save(folder / "nut" / "small.jpg", quality=70)
    return folder


def test_a_photo_that_is_there_twice_is_scored_once(shots: Path) -> None:
    out = shots.parent / "squares"
    outcome = make_squares(shots, None, "shift", 32, out)
    repeated = {row.photo: row.duplicate_of for row in read_manifest(out) if row.duplicate_of}
    assert repeated == {"nut/1.jpg": "bolt/1 again.jpg", "nut/copy.jpg": "nut/0.jpg"}
    assert len(target_labels(out)) == 4 and len(outcome.rows) == 6
    assert "2 photos are there twice" in outcome.notes[0] and "2 photos look like others" in outcome.notes[1]
    assert "have the labels bolt, nut" in outcome.notes[2]
    written = json.loads((out / "duplicates.json").read_text())
    assert written["alike"] == [["nut/2.jpg", "nut/small.jpg"]]
    assert [entry["labels"] for entry in written["same"]] == [["bolt", "nut"], ["nut"]]


def test_what_is_known_of_photos_is_kept(shots: Path) -> None:
    out = shots.parent / "squares"
    make_squares(shots, None, "shift", 32, out)
    before = (out / "duplicates.json").read_bytes()
    assert make_squares(shots, None, "shift", 32, out).reused == 6
    assert (out / "duplicates.json").read_bytes() == before
    (shots / "nut" / "copy.jpg").unlink()  # it disappears, and nothing repeats it any more
    make_squares(shots, None, "shift", 32, out)
    assert "copy" not in (out / "duplicates.json").read_text() + (out / "photos.csv").read_text()
    (out / "duplicates.json").write_text('{"prints": {"a": 3}}')
    assert read_prints(out) == {} and make_squares(shots, None, "shift", 32, out).reused == 0


def test_another_box_of_the_same_photo_counts(shots: Path) -> None:
    rows = ["nut/0.jpg,nut,10,10,200,200", "nut/copy.jpg,nut,10,10,200,200", "nut/copy.jpg,bolt,210,10,400,200"]
    (shots / "boxes.csv").write_text(HEADER + "\n".join(rows))
    out = shots.parent / "squares"
    make_squares(shots, shots / "boxes.csv", "shift", 32, out)
    got = [(row.label, row.duplicate_of) for row in read_manifest(out) if row.photo == "nut/copy.jpg"]
    assert got == [("nut", "nut/0.jpg"), ("bolt", "")]


def test_groups_of_many() -> None:
    prints = {f"{n:04}": print_of(f"{n}", scene(n)) for n in range(60)}
    assert same_photos(prints) == {} and alike_photos(prints) == []
    one = prints["0003"]
    near = {f"b{n}": Print(f"x{n}", f"y{n}", f"{int(one.hash, 16) ^ (1 << n):064x}", one.colour) for n in range(3)}
    assert alike_photos(prints | near) == [["0003", "b0", "b1", "b2"]]
    other = {"c": Print("c", "c", one.hash, (0, 0, 0))}  # the same shapes in other colours
    assert alike_photos(prints | other) == []
