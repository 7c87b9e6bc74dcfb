"""Whether photos are cut by what a finder finds in them or used whole, asked without labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from cad2real.files import write_json
from cad2real.layout import Layout
from photos.crop import Box
from photos.finder.finder import why_unused
from photos.looking import Looking, project_looking, why_not_looking
from photos.params import PhotosParams
from train.find.likeness import Likeness, likeness
from train.params import TrainParams

SIZE = 64


def gear(side: int) -> Image.Image:
    """A part of `side` pixels on nothing: a ring with teeth."""
    part = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(part)
    middle = side / 2
    for turn in np.linspace(0, 2 * np.pi, 12, endpoint=False):
        x, y = middle + np.cos(turn) * side * 0.42, middle + np.sin(turn) * side * 0.42
        draw.ellipse([x - side / 16, y - side / 16, x + side / 16, y + side / 16], fill=(90, 90, 95, 255))
    draw.ellipse([side * 0.1, side * 0.1, side * 0.9, side * 0.9], fill=(120, 120, 125, 255))
    draw.ellipse([side * 0.35, side * 0.35, side * 0.65, side * 0.65], fill=(0, 0, 0, 0))
    return part


def photo(path: Path, part_side: int, number: int) -> None:
    """A photo of 96 pixels with a part in its middle, on a board of many colours."""
    rng = np.random.default_rng(number)
    board = Image.fromarray(rng.integers(0, 255, (12, 12, 3), dtype=np.uint8)).resize((96, 96))
    part, corner = gear(part_side), (96 - part_side) // 2
    board.paste(part, (corner, corner), part)
    board.save(path)


class Found:
    """Finds in every photo the same box, or nothing."""

    def __init__(self, box: Box | None) -> None:
        self.box = box

    def boxes(self, _path: Path, one: bool) -> list[tuple[Box, float]]:
        assert one
        return [] if self.box is None else [(self.box, 0.9)]


def asked(folder: Path, part_side: int, box: Box | None) -> Likeness:
    for number in range(6):
        photo(folder / f"{number}.png", part_side, number)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    renders = [np.asarray(gear(SIZE).rotate(turn)).transpose(2, 0, 1) for turn in range(0, 90, 9)]
    looking: Looking = Found(box)  # type: ignore[assignment]
    return likeness(looking, sorted(folder.iterdir()), "shift", np.stack(renders), TrainParams(image_size=SIZE))


def test_a_small_part_that_is_found_is_more_like_the_renders_than_its_photo(tmp_path: Path) -> None:
    result = asked(tmp_path, part_side=28, box=Box(34, 34, 62, 62))
    assert len(result.found) == 6  # the broken one is passed over
    assert (result.found > result.whole).mean() > 0.5
    assert not result.whole_is_nearer
    assert result.reason == ""


def test_a_piece_of_a_part_is_less_like_the_renders_than_its_photo(tmp_path: Path) -> None:
    result = asked(tmp_path, part_side=94, box=Box(36, 36, 60, 60))  # the hole of the ring
    assert result.whole_is_nearer
    assert "whole photos look more like the renders" in result.reason
    assert result.as_dict()["whole"] > result.as_dict()["found"]


def test_where_nothing_is_found_nothing_is_said(tmp_path: Path) -> None:
    result = asked(tmp_path, part_side=28, box=None)
    assert (result.as_dict(), result.whole_is_nearer) == ({"photos": 0}, False)


def test_a_difference_within_its_standard_error_says_nothing() -> None:
    found = np.array([0.5, 0.6, 0.4, 0.5])
    assert not Likeness(found, found).whole_is_nearer
    assert not Likeness(found, found + np.array([0.3, -0.2, -0.2, 0.2])).whole_is_nearer
    assert Likeness(found, found + np.array([0.1, 0.2, 0.1, 0.2])).whole_is_nearer


@pytest.mark.parametrize("content", [{}, {"set_aside": ""}])
def test_photos_are_cut_by_a_finder_that_is_not_set_aside(tmp_path: Path, content: dict[str, str]) -> None:
    layout = Layout(tmp_path)
    write_json(layout.models / "find" / "finder.json", content)
    assert why_not_looking(layout) == ""


def test_a_finder_that_is_set_aside_cuts_no_photo_but_where_it_is_asked_for(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    description = layout.models / "find" / "finder.json"
    write_json(description, {"image_size": 64, "threshold": 0.5, "set_aside": "it is set aside: too unlike."})
    assert project_looking(layout, PhotosParams(crop="auto")) is None
    assert why_not_looking(layout) == why_unused(description.read_bytes()) == "it is set aside: too unlike."
    with pytest.raises(Exception, match="no finder"):  # it looks for the network, which this test has not
        project_looking(layout, PhotosParams(crop="found"))
