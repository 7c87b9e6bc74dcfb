"""What the part list says of where parts stand reaches the index, answers and filters, and renders nothing anew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cad2real.cli
from cad2real.layout import Layout
from search.index import IndexedPart, load_index
from search.part_filter import PartFilter
from search.places import Place, assemblies_of
from search.stage import build_index
from tests.search.test_search import COLORS, project  # noqa: F401

PLACES = {
    "hex_bolt": [{"position": "1", "within": ["Press 40", "Frame"]}],
    "hex_nut": [
        {"position": "2", "within": ["Press 40", "Frame"]},
        {"position": "1", "within": ["Press 40", "Door"]},
    ],
    "washer": [],
}


def write_catalogue(places: dict[str, list[dict[str, object]]]) -> None:
    words = ("label", "name", "material", "surface", "color")
    parts = [{"part_id": part, **dict.fromkeys(words, ""), "places": said} for part, said in places.items()]
    Path("data/catalogue.json").write_text(json.dumps({"parts": parts, "skipped": []}))


@pytest.fixture
def placed(project: Path) -> Path:  # noqa: F811
    write_catalogue(PLACES)
    build_index(Layout())
    return project


def test_the_index_knows_where_parts_stand(placed: Path) -> None:
    parts = {part.part_id: part.places for part in load_index(placed / "data/index").parts}
    assert parts["hex_nut"] == (Place("2", ("Press 40", "Frame")), Place("1", ("Press 40", "Door")))
    assert parts["washer"] == () and assemblies_of(parts.values()) == ["Door", "Frame", "Press 40"]


def test_a_position_more_changes_the_index_and_no_embedding(placed: Path) -> None:
    before = load_index(placed / "data/index")
    write_catalogue(PLACES | {"washer": [{"position": "9", "within": []}]})
    build_index(Layout())
    after = load_index(placed / "data/index")
    assert after.parts[after.number_of["washer"]].places == (Place("9"),)
    assert (after.embeddings == before.embeddings).all() and after.views == before.views


def test_the_command_asks_by_assembly_and_position(placed: Path) -> None:
    runner = CliRunner()

    def found(*options: str) -> set[str]:
        result = runner.invoke(cad2real.cli.app, ["search", "data/photos/washer/1.jpg", "--json", *options])
        assert result.exit_code == 0, result.exception
        return {match["part_id"] for match in json.loads(result.stdout)}

    assert found() == set(COLORS)
    assert found("--assembly", "press 40") == {"hex_bolt", "hex_nut"}
    assert found("--assembly", "Door") == {"hex_nut"}
    assert found("--position", "1") == {"hex_bolt", "hex_nut"}
    assert found("--assembly", "Frame", "--position", "1") == {"hex_bolt"}
    shown = runner.invoke(cad2real.cli.app, ["search", "data/photos/hex_nut/0.jpg"]).stdout.splitlines()
    assert shown[0].split()[-1] == "position"
    assert shown[1].endswith("2 in Press 40 > Frame; 1 in Press 40 > Door")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--assembly", "Lathe"], "is in the assembly Lathe. There are: Door, Frame, Press 40."),
        (["--assembly", "Door", "--position", "2"], "passes the filter"),
        (["--position", "99"], "passes the filter"),
    ],
)
def test_what_no_part_has_is_refused_with_what_there_is(placed: Path, options: list[str], words: str) -> None:
    result = CliRunner().invoke(cad2real.cli.app, ["search", "data/photos/washer/1.jpg", *options])
    assert result.exit_code == 1 and words in str(result.exception)


def test_without_places_nothing_is_said_of_them(project: Path) -> None:  # noqa: F811
    build_index(Layout())
    result = CliRunner().invoke(cad2real.cli.app, ["search", "data/photos/washer/1.jpg"])
    assert "position" not in result.stdout
    result = CliRunner().invoke(cad2real.cli.app, ["search", "data/photos/washer/1.jpg", "--assembly", "Door"])
    assert "The part list names none." in str(result.exception)


def test_a_position_in_another_assembly_does_not_pass() -> None:
    part = IndexedPart("a", "a", "", places=(Place("1", ("Frame",)), Place("2", ("Door",))))
    assert PartFilter(assembly="door", position="2").passes(part)
    assert not PartFilter(assembly="door", position="1").passes(part)


@pytest.mark.parametrize("damage", [{"position": 3, "within": "Frame"}, {"within": []}, "Frame", None])
def test_a_damaged_place_is_no_traceback(project: Path, damage: object) -> None:  # noqa: F811
    write_catalogue(PLACES | {"washer": [damage]})  # type: ignore[dict-item]
    build_index(Layout())
