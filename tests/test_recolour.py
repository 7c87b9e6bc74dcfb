"""The tool that makes a harder set out of red parts on white: labels and outlines stay, colour and size do not."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

TOOL = Path(__file__).parents[1] / "tools" / "recolour_photos.py"


def make(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, TOOL, *map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.fixture
def red_set(tmp_path: Path) -> Path:
    folder = tmp_path / "set"
    (folder / "parts").mkdir(parents=True)
    (folder / "parts.csv").write_text("part_id,file,color\nplate,parts/plate.obj,red\n")
    (folder / "parts" / "plate.obj").write_text("v 0 0 0\n")
    (folder / "photos" / "plate").mkdir(parents=True)
    for number in range(12):
        photo = Image.new("RGB", (128, 128), "white")
        draw = ImageDraw.Draw(photo)
        draw.rectangle((24, 44, 104, 84), fill=(190, 30, 25))
        draw.rectangle((60, 60, 68, 68), fill="white")  # glare
        photo.save(folder / "photos" / "plate" / f"{number}.png")
    return folder


def test_colour_and_size_vary_and_the_rest_stays(red_set: Path, tmp_path: Path) -> None:
    run = make(red_set, tmp_path / "out", "--seed", 3)
    assert run.returncode == 0, run.stderr
    with (tmp_path / "out" / "parts.csv").open() as file:
        assert list(csv.DictReader(file)) == [{"part_id": "plate", "file": "parts/plate.obj"}]
    assert (tmp_path / "out" / "parts" / "plate.obj").read_text() == "v 0 0 0\n"
    colours, areas = set(), []
    for path in sorted((tmp_path / "out").glob("photos/plate/*.png")):
        pixels = np.asarray(Image.open(path), dtype=int)
        assert pixels.shape == (128, 128, 3) and (pixels[0, 0] == 250).all()
        part = np.abs(pixels - 250).sum(axis=2) > 40
        areas.append(part.sum())
        colours.add(tuple((np.median(pixels[part], axis=0) // 16).astype(int)))
    assert len(areas) == 12 and len(colours) >= 4
    assert max(areas) > 2 * min(areas) and max(areas) < 1.1 * 80 * 40


def test_the_same_seed_gives_the_same_photos(red_set: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        make(red_set, tmp_path / name)
    one, two = (sorted((tmp_path / name).glob("photos/*/*.png")) for name in ("one", "two"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


def test_mistakes_are_one_line(red_set: Path, tmp_path: Path) -> None:
    for arguments in ((tmp_path, tmp_path / "out"), (red_set, red_set)):
        run = make(*arguments)
        assert run.returncode == 2 and "Traceback" not in run.stderr and "error:" in run.stderr


@pytest.mark.parametrize("named", ["parts/none.obj", "../outside.obj", ""])
def test_cad_that_is_not_in_the_set_is_named_and_nothing_written(red_set: Path, tmp_path: Path, named: str) -> None:
    (tmp_path / "outside.obj").write_text("v 0 0 0\n")
    (red_set / "parts.csv").write_text(f"part_id,file,color\nplate,{named},red\n")
    run = make(red_set, tmp_path / "out")
    assert run.returncode == 2 and repr(named) in run.stderr and "Traceback" not in run.stderr
    assert not (tmp_path / "out").exists()
