"""Part numbers that are typed, and those that stand in a photo."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import zxingcpp
from PIL import Image
from typer.testing import CliRunner

import cad2real.cli
import search.naming.codes
from cad2real.layout import Layout
from photos.crop import Box
from search.index import Index, IndexedPart
from search.naming.catalogue import Named, named_parts, parts_in_text
from search.naming.codes import codes_in
from search.naming.fusion import with_named
from search.part_filter import PartFilter
from search.query import Search
from search.ranking import Match
from search.seeing.things import Shown
from search.stage import build_index
from tests.search.test_search import COLORS, project  # noqa: F401  (a fixture)

FORMATS = zxingcpp.BarcodeFormat
PARTS = (
    IndexedPart("A222-991", "cover", "Cover, left", "steel"),
    IndexedPart("A222-991-07", "cover", "Cover, right", "brass"),
    IndexedPart("3", "pin", "Pin"),
)
INDEX = Index(np.zeros((0, 2), np.float32), PARTS, np.zeros(0, np.int64), (), "adapt", "key")


def ids(found: list[Named]) -> list[tuple[str, str]]:
    return [(PARTS[one.number].part_id, one.how) for one in found]


def with_code(
    photo: Image.Image, text: str, kind: FORMATS = FORMATS.QRCode, at: tuple[int, int] = (10, 10)
) -> Image.Image:
    code = np.array(zxingcpp.create_barcode(text, kind).to_image(scale=3))
    photo.paste(Image.fromarray(code).convert("RGB"), at)
    return photo


def test_what_is_typed_is_found_exactly_then_by_how_it_begins() -> None:
    assert ids(named_parts(INDEX, "a222-991")) == [("A222-991", "exact"), ("A222-991-07", "begins")]
    assert ids(named_parts(INDEX, "A222 991 07")) == [("A222-991-07", "exact")]
    assert ids(named_parts(INDEX, "right cover")) == [("A222-991-07", "contains")]
    assert ids(named_parts(INDEX, "A222", PartFilter(material="brass"))) == [("A222-991-07", "begins")]
    assert named_parts(INDEX, "no such part") == [] and len(named_parts(INDEX, "")) == 3


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A222-991", ["A222-991 exact", "A222-991-07 begins"]),
        ("a222 991 07", ["A222-991-07 exact"]),
        ("https://example.org/parts/A222-991?lot=3", ["A222-991 exact"]),  # a part called 3 is not meant
        ("PN:A222-991-07;QTY:3", ["A222-991-07 exact"]),
        ("3", ["3 exact"]),
        ("A2", []),
        ("", []),
        ("\u0000\u202e<script>", []),
    ],
)
def test_texts_of_photos_name_parts(text: str, found: list[str]) -> None:
    named = parts_in_text(INDEX, [text])
    assert [f"{PARTS[one.number].part_id} {one.how}" for one, _ in named] == found
    assert all(said == text for _, said in named)


def test_an_exact_number_comes_first_and_others_by_reciprocal_rank() -> None:
    matches = [Match(rank, name, name, "", rank / 10, f"{name}/0.png") for rank, name in enumerate("abcdef", 1)]
    begins = [((Named(4, "begins"), "e-"), matches[4])]
    found = with_named(matches, begins)
    assert found[0].part_id == "e" and found[0].read == "e-"  # fifth by its look and first by its name: 1/65 + 1/61
    assert [match.rank for match in found] == [1, 2, 3, 4, 5, 6]
    both = with_named(matches[:3], [((Named(5, "exact"), "f"), matches[5]), *begins])
    assert [match.part_id for match in both] == ["f", "a", "e", "b", "c"] or both[0].part_id == "f"
    assert with_named(matches, []) == matches


@pytest.mark.parametrize("kind", [FORMATS.QRCode, FORMATS.DataMatrix, FORMATS.Code128, FORMATS.Aztec])
@pytest.mark.parametrize("angle", [0, 90, 17])
def test_codes_are_read_where_they_are(kind: FORMATS, angle: int) -> None:
    photo = with_code(Image.new("RGB", (700, 700), "white"), "A222-991", kind, (300, 300)).rotate(
        angle, fillcolor="white"
    )
    (code,) = codes_in(photo)
    assert code.text == "A222-991" and 0.2 < code.x < 0.9 and 0.2 < code.y < 0.9


def test_what_is_no_code_is_none() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (300, 300, 3), np.uint8)
    for picture in (Image.fromarray(noise), Image.new("RGB", (8, 8)), Image.new("RGB", (9000, 8))):
        assert codes_in(picture) == []
    assert codes_in(with_code(Image.new("RGB", (900, 900), "white"), "x" * 501)) == []


def test_words_are_read_where_a_reader_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def reader(picture: np.ndarray) -> SimpleNamespace:
        box = [[0, 0], [10, 0], [10, 20], [0, 20]]
        return SimpleNamespace(txts=(" A222-991 ", "blurred"), scores=(0.9, 0.3), boxes=[box, box])

    monkeypatch.setattr(search.naming.codes, "_reader", lambda: reader)
    (code,) = codes_in(Image.new("RGB", (100, 100), "white"))
    assert (code.text, code.x, code.y) == ("A222-991", 0.05, 0.1)
    monkeypatch.setattr(search.naming.codes, "_reader", lambda: lambda picture: SimpleNamespace(txts=None))
    assert codes_in(Image.new("RGB", (100, 100), "white")) == []


def test_without_the_extra_there_is_no_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    search.naming.codes._reader.cache_clear()
    assert search.naming.codes._reader() is None
    search.naming.codes._reader.cache_clear()


def test_a_label_beats_the_look_and_a_frame_says_whose_label(project: Path) -> None:  # noqa: F811
    build_index(Layout())
    photo = with_code(Image.new("RGB", (900, 600), COLORS["hex_nut"]), "washer")
    photo.save("labelled.png")
    asked = Search.open(Path())
    first, second = asked.answer(Shown(Path("labelled.png")), 2).matches
    assert (first.part_id, first.read, second.part_id) == ("washer", "washer", "hex_nut")
    assert asked.answer(Shown(Path("labelled.png"), Box(600, 300, 700, 400)), 1).matches[0].part_id == "hex_nut"
    near = asked.answer(Shown(Path("labelled.png"), Box(60, 60, 300, 300)), 1)
    assert near.matches[0].part_id == "washer"
    same = asked.find_same([Shown(Path("data/photos/hex_nut/0.jpg")), Shown(Path("labelled.png"))], 1)
    assert same.matches[0].read == "washer"


def test_on_the_command_line(project: Path) -> None:  # noqa: F811
    build_index(Layout())

    def asked(*arguments: str) -> str:
        result = CliRunner().invoke(cad2real.cli.app, ["search", *arguments])
        return result.stdout + str(result.exception or "")

    assert asked("hex").splitlines()[1].split() == ["1", "hex_bolt", "hex_bolt", "Hex_Bolt", "begins"]
    assert json.loads(asked("Hex Nut", "--json")) == [
        {"rank": 1, "part_id": "hex_nut", "label": "hex_nut", "name": "Hex_Nut", "how": "exact"}
    ]
    assert len(asked("hex", "--top", "1").splitlines()) == 2
    assert "no such photo" in asked("rivet.jpg")
    with_code(Image.new("RGB", (500, 500), COLORS["hex_nut"]), "washer\u0020").save("labelled.png")
    assert "read in the photo" in asked("labelled.png")
    assert json.loads(asked("labelled.png", "--json"))[0]["read"] == "washer"
