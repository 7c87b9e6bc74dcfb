"""What was found is shown, doubtful photos first, and the page stays small however many photos there are."""

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
from fake_project import fake_project
from PIL import Image

from cad2real.errors import UserError
from cad2real.layout import Layout
from flows.report.data import read_report_data
from flows.report.found import FoundPhoto, read_found, to_show
from flows.report.page import render_page

COLUMNS = "square,photo,label,x_min,y_min,x_max,y_max,crop_x,crop_y,crop_side,border,how,score,content_key"
SIZE = (320, 240)


def looked_through(root: Path, photos: dict[str, list[list[float]]], threshold: float = 0.5) -> Layout:
    """A project whose photos were looked through: by name the parts that were seen, best first."""
    fake_project(root, ["bolt", "nut"])
    layout = Layout(root)
    rows = []
    for photo, parts in photos.items():
        (layout.data / "photos" / photo).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", SIZE, (90, 90, 90)).save(layout.data / "photos" / photo)
        taken = [part for part in parts if part[4] >= threshold]
        rows += [f"s.jpg,{photo},,{x},{y},{a},{b},0,0,9,none,found,{score:.4f},k" for x, y, a, b, score in taken]
        if not taken:
            rows.append(f"s.jpg,{photo},,,,,,0,0,9,none,whole,,k")
    (layout.squares / "photos.csv").write_text("\n".join([COLUMNS, *rows]) + "\n")
    seen = {name: {"width": SIZE[0], "height": SIZE[1], "parts": parts} for name, parts in photos.items()}
    (layout.squares / "found.json").write_text(json.dumps({"threshold": threshold, "photos": seen}))
    return layout


PHOTOS = {
    "sure.jpg": [[40.0, 40.0, 200.0, 200.0, 0.99]],
    "near.jpg": [[40.0, 40.0, 200.0, 200.0, 0.52], [210.0, 10.0, 300.0, 100.0, 0.3]],
    "hopeless.jpg": [],
    "missed.jpg": [[40.0, 40.0, 200.0, 200.0, 0.48]],
}


def test_doubtful_photos_come_first_and_what_was_missed_is_listed(tmp_path: Path) -> None:
    layout = looked_through(tmp_path, PHOTOS)
    found = read_found(layout)
    assert found is not None
    assert [one.photo for one, _ in found.shown] == ["missed.jpg", "hopeless.jpg", "near.jpg", "sure.jpg"]
    assert (found.photos, found.parts, found.in_vain) == (4, 2, ("hopeless.jpg", "missed.jpg"))
    text = render_page(layout, read_report_data(layout))
    assert "Found in the photos" in text and text.count("nothing found") == 2 and "hopeless.jpg, missed.jpg" in text
    assert text == render_page(layout, read_report_data(layout))


@pytest.mark.parametrize(
    ("finder", "said"),
    [
        ('{"set_aside": "it is set aside: whole photos look more like <renders>."}', True),
        ('{"set_aside": ""}', False),
        ("{}", False),
        ("[]", False),
        ("no json", False),
        (None, False),
    ],
)
def test_a_finder_that_is_set_aside_is_said(tmp_path: Path, finder: str | None, said: bool) -> None:
    fake_project(tmp_path, ["bolt", "nut"])
    layout = Layout(tmp_path)
    if finder is not None:
        (layout.models / "find").mkdir(parents=True)
        (layout.models / "find" / "finder.json").write_text(finder)
    text = render_page(layout, read_report_data(layout))
    assert ("set aside: whole photos look more like &lt;renders&gt;" in text) == said
    assert ('href="#found"' in text) == ('id="found"' in text) == said


def picture(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))).convert("RGB"), int)


def test_boxes_are_drawn_where_they_are(tmp_path: Path) -> None:
    found = read_found(looked_through(tmp_path, PHOTOS))
    assert found is not None
    pictures = {one.photo: picture(uri) for one, uri in found.shown}
    scale = pictures["sure.jpg"].shape[1] / SIZE[0]
    x, y = round(40 * scale), round(120 * scale)
    red, green, blue = pictures["sure.jpg"][y, x]
    assert green > red + 60 and green > blue + 60
    red, green, blue = pictures["missed.jpg"][y, x]
    assert red > blue + 60 and green > blue + 30  # amber: seen, and not taken
    assert np.ptp(pictures["hopeless.jpg"]) < 10


def test_the_page_shows_a_bounded_number_of_photos() -> None:
    box = (1.0, 1.0, 9.0, 9.0)
    many = [
        FoundPhoto(f"{n:05d}", 99, (box,) * (n % 3 > 0), (0.9,) * (n % 3 > 0), (), n / 10_000) for n in range(10_000)
    ]
    shown = to_show(many)
    assert len(shown) == 240
    assert [bool(one.taken) for one in shown] == [False] * 96 + [True] * 144
    assert [one.doubt for one in shown[96:]] == sorted(one.doubt for one in shown[96:])
    few = [one for one in many if not one.taken][:300] + [one for one in many if one.taken][:10]
    assert len(to_show(few)) == 240 and sum(bool(one.taken) for one in to_show(few)) == 10


def test_photos_that_went_away_and_hostile_names_do_no_harm(tmp_path: Path) -> None:
    layout = looked_through(tmp_path, PHOTOS | {"<script>.jpg": []})
    (layout.data / "photos" / "sure.jpg").unlink()
    (layout.data / "photos" / "near.jpg").write_bytes(b"\xff\xd8\xff no picture")
    text = render_page(layout, read_report_data(layout))
    assert "<script>" not in text and text.count(": missing") >= 2


@pytest.mark.parametrize("content", ["[]", '{"photos": {}}', "{"])
def test_a_damaged_file_is_one_line(tmp_path: Path, content: str) -> None:
    layout = looked_through(tmp_path, PHOTOS)
    (layout.squares / "found.json").write_text(content)
    with pytest.raises(UserError, match=r"found\.json is damaged"):
        read_found(layout)


def test_where_nothing_was_looked_through_there_is_no_section(tmp_path: Path) -> None:
    fake_project(tmp_path, ["bolt"])
    layout = Layout(tmp_path)
    assert read_found(layout) is None
    assert "Found in the photos" not in render_page(layout, read_report_data(layout))
