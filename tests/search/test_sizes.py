"""A length that is known in a photo tells look-alikes of other sizes apart."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import cad2real.cli
from cad2real.errors import UserError
from cad2real.layout import Layout
from photos.crop import Box
from search.query import Search
from search.ranking import Match
from search.seeing.sizes import Measured, Reference, agreement, measured, reference_of, size_of_view, with_sizes
from search.seeing.things import Shown
from search.stage import build_index
from tests.search.test_search import COLORS, project  # noqa: F401  (a fixture)


def camera(mm_per_pixel: float) -> dict[str, list[list[float]]]:
    """One that sees so many mm in a pixel, 0.2 m away."""
    focal = 200 / mm_per_pixel
    return {
        "intrinsics": [[focal, 0, 8], [0, focal, 8], [0, 0, 1]],
        "extrinsics": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0.2]],
    }


@pytest.fixture
def sizes(project: Path) -> Path:  # noqa: F811
    """Nuts of 10 x 8 and of 16 x 12.8 mm, of one colour, and a washer."""
    renders = project / "data/renders"
    for name, scale in (("hex_nut", 1.0), ("hex_nut_large", 1.6)):
        (renders / name).mkdir(exist_ok=True)
        for view in range(4):
            picture = Image.new("RGBA", (16, 16))
            picture.paste((*COLORS["hex_nut"], 255), (2, 4, 12, 12))
            picture.save(renders / name / f"view_{view:03d}.png")
        views = [{"file": f"view_{view:03d}.png", **camera(scale)} for view in range(4)]
        (renders / name / "part.json").write_text(
            json.dumps({"part_id": name, "label": name, "name": name, "views": views})
        )
    names = ["hex_bolt", "hex_nut", "hex_nut_large", "washer"]
    (renders / "renders.json").write_text(json.dumps({"parts": names, "failed": []}))
    photo = Image.new("RGB", (400, 300), "white")
    photo.paste(COLORS["hex_nut"], (150, 100, 250, 180))  # 100 x 80 pixels
    photo.save("nut.png")
    build_index(Layout())
    return project


@pytest.mark.parametrize(
    ("text", "scale"),
    [("50=0,0,100,0", 0.5), ("7.5=10,10,13,14", 1.5), ("2euro=0,0,0,103", 0.25), (" Card =0,0,856,0", 0.1)],
)
def test_a_reference_is_a_length_and_a_line(text: str, scale: float) -> None:
    assert reference_of(text).mm_per_pixel == pytest.approx(scale)


@pytest.mark.parametrize(
    "text",
    ["", "50", "50=1,2,3", "x=0,0,9,9", "0=0,0,9,9", "-5=0,0,9,9", "nan=0,0,9,9", "inf=0,0,9,9", "5=1,1,1,1",
     "5=0,0,nan,9", "5=0,0,inf,9", "1e9=0,0,9,9", "5=0,0,9,9,9", "<script>=0,0,9,9"],
)  # fmt: skip
def test_what_is_no_reference_is_said(text: str) -> None:
    with pytest.raises(UserError, match="reference"):
        reference_of(text)


def test_parts_are_measured_by_their_outline_else_by_the_frame() -> None:
    square = Image.new("RGB", (200, 200), "white")
    square.paste((20, 20, 90), (50, 80, 150, 120))
    half = Reference(50, (0, 0, 100, 0))
    seen = measured(square, 400, None, half)  # 200 x 80 pixels of the photo
    assert seen is not None and seen.smallest == pytest.approx(40, rel=0.05)
    assert seen.largest == pytest.approx(0.5 * np.hypot(200, 80), rel=0.05)
    busy = Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8))
    assert measured(busy, 400, None, half) is None
    assert measured(busy, 400, Box(10, 10, 110, 60), half) == Measured(50)


def test_views_say_how_large_their_part_is(sizes: Path) -> None:
    small, large = (size_of_view(sizes / f"data/renders/{name}/view_000.png") for name in ("hex_nut", "hex_nut_large"))
    assert small is not None and large is not None
    assert small.smallest == pytest.approx(8, abs=0.5) and large.largest == pytest.approx(1.6 * small.largest)
    assert size_of_view(sizes / "data/renders/washer/view_000.png") is None  # its part.json has no camera
    assert size_of_view(sizes / "data/renders/nothing/view_000.png") is None


def test_agreement_falls_with_the_ratio_of_sizes() -> None:
    views = [Measured(10, 8), Measured(10, 2)]
    fits = [agreement(Measured(10 * ratio, 8 * ratio), views) or 0 for ratio in (1, 1.05, 1.2, 1.6)]
    assert fits[0] == 1 and fits[1] > 0.8 > fits[2] > fits[3] and fits[3] < 0.01
    assert agreement(Measured(10), [Measured(10, 3)]) == 1


def test_what_has_no_known_size_stays_between() -> None:
    matches = [Match(rank, name, name, "", 0.3, "", 0.25) for rank, name in enumerate("abc", 1)]
    found = with_sizes(matches, {"a": 0.0, "b": None, "c": 1.0})
    assert [match.part_id for match in found] == ["c", "b", "a"]
    assert sum(match.confidence or 0 for match in found) == pytest.approx(0.75)


def test_a_coin_tells_look_alikes_apart(sizes: Path) -> None:
    asked = Search.open(Path())
    for mm, part in ((10, "hex_nut"), (16, "hex_nut_large")):  # the 100 pixels of the nut's side
        answer = asked.answer(Shown(Path("nut.png"), None, Reference(mm, (0, 0, 100, 0))), 3)
        assert answer.matches[0].part_id == part and answer.matches[0].size_fit is not None
        assert answer.matches[0].size_fit > 0.9 and (answer.matches[1].size_fit or 0) < 0.1
        assert answer.size is not None and answer.size.smallest == pytest.approx(0.8 * mm, rel=0.05)
    same = asked.find_same([Shown(Path("nut.png"), None, Reference(16, (0, 0, 100, 0))), Shown(Path("nut.png"))], 1)
    assert same.matches[0].part_id == "hex_nut_large"


def test_on_the_command_line(sizes: Path) -> None:
    def asked(*arguments: str) -> str:
        result = CliRunner().invoke(cad2real.cli.app, ["search", *arguments])
        return result.stdout + str(result.exception or "")

    said = asked("nut.png", "--reference", "16=0,0,100,0", "--top", "2")
    assert "in the photo: " in said and "size fits" in said and "hex_nut_large" in said.splitlines()[2]
    assert json.loads(asked("nut.png", "--reference", "16=0,0,100,0", "--json"))[0]["size_mm"][1] == pytest.approx(
        12.8, 0.05
    )
    assert "no known length" in asked("nut.png", "--reference", "16")
