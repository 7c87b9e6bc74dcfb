"""Parts join an index and leave it without training: at once, whole or not at all, and so that the next index knows."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image
from typer.testing import CliRunner

import cad2real.cli
import search.changing
from cad2real.errors import UserError
from cad2real.layout import Layout
from search.additions import read_changes
from search.changing import NewPart, add_part, add_photo, remove_part
from search.index import load_index
from search.places import Place
from search.query import Search
from search.stage import build_index
from tests.search.test_search import COLORS, ColorModel, project  # noqa: F401  (a fixture)

YELLOW = (200, 190, 30)


@pytest.fixture
def shop(project: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:  # noqa: F811
    """A project with an index, and a render command that makes yellow pictures."""
    monkeypatch.setattr(search.changing, "load_model", lambda models, stage: (stage, ColorModel()))
    monkeypatch.setattr(search.changing.subprocess, "run", yellow_renders)
    (project / "spring.step").write_text("ISO-10303-21;")
    build_index(Layout())
    return Layout()


def yellow_renders(command: list[str], **kwargs: Any) -> subprocess.CompletedProcess[str]:
    """Stands for `cad2real render --parts LIST --out DIR --as-project`."""
    listed, out = Path(command[command.index("--parts") + 1]), Path(command[command.index("--out") + 1])
    header, row = listed.read_text().splitlines()
    said = dict(zip(header.split(","), row.split(","), strict=True))
    assert (listed.parent / said["file"]).is_file()
    (out / said["part_id"]).mkdir(parents=True)
    views = [{"file": f"view_{view:03d}.png"} for view in range(4)]
    for view in views:
        Image.new("RGBA", (16, 16), (*YELLOW, 255)).save(out / said["part_id"] / view["file"])
    part = {"part_id": said["part_id"], "label": said["label"] or said["part_id"], "name": said["name"]}
    (out / said["part_id"] / "part.json").write_text(json.dumps({**part, "views": views, "size_mm": [9, 4, 4]}))
    (out / "renders.json").write_text(json.dumps({"parts": [said["part_id"]], "failed": []}))
    return subprocess.CompletedProcess(command, 0)


def yellow_photo(folder: Path) -> Path:
    Image.new("RGB", (40, 30), YELLOW).save(folder / "yellow.jpg")
    return folder / "yellow.jpg"


def invoke(*arguments: str) -> str:
    result = CliRunner().invoke(cad2real.cli.app, list(arguments))
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def test_a_part_is_found_as_soon_as_it_is_added(shop: Layout, tmp_path: Path) -> None:
    where = ("--machine", "Press 40", "--assembly", "Door", "--position", "4")
    look = ("--material", "steel", "--surface", "brushed")
    said = invoke("index", "add", "spring.step", *look, "--name", "Spring", *where)
    assert "16 views of 4 parts" in said
    index = load_index(shop.index)
    part = index.parts[3]
    assert (part.part_id, part.name, part.material, part.surface) == ("spring", "Spring", "steel", "brushed")
    assert part.places == (Place("4", ("Press 40", "Door")),)
    assert part.size_mm == (9.0, 4.0, 4.0) and index.model_key == ColorModel.key
    first = Search.open(Path()).find(yellow_photo(tmp_path))[0]
    assert (first.part_id, first.confidence) == ("spring", None) and first.distance < 0.1
    assert {file.name for file in shop.index.iterdir()} >= {"network.onnx", "retrieval.json", "examples.json"}


def test_learned_parts_are_still_found_beside_an_added_one(shop: Layout) -> None:
    add_part(shop, NewPart(Path("spring.step")))
    for part_id in COLORS:
        assert Search.open(Path()).find(Path(f"data/photos/{part_id}/0.jpg"))[0].part_id == part_id


def test_an_added_part_is_there_after_the_next_index(shop: Layout, capfd: pytest.CaptureFixture[str]) -> None:
    before = add_part(shop, NewPart(Path("spring.step"), name="Spring"))
    after, _ = build_index(shop)
    assert after.parts == before.parts and after.views == before.views
    assert np.allclose(after.embeddings, before.embeddings)
    assert "spring was added by hand" in capfd.readouterr().err


def test_an_added_part_that_is_in_the_part_list_by_now_is_there_once(shop: Layout) -> None:
    add_part(shop, NewPart(Path("spring.step")))
    (shop.added / "spring").rename(shop.renders / "spring")
    part = {"part_id": "spring", "label": "spring", "name": "", "views": [{"file": "view_000.png"}]}
    (shop.renders / "spring/part.json").write_text(json.dumps(part))
    (shop.renders / "renders.json").write_text(json.dumps({"parts": [*sorted(COLORS), "spring"], "failed": []}))
    index, _ = build_index(shop)
    assert [part.part_id for part in index.parts].count("spring") == 1 and len(index.views) == 13


def test_a_removed_part_stays_out_until_it_is_brought_back(shop: Layout) -> None:
    photo = Path("data/photos/washer/0.jpg")
    assert "8 views of 2 parts" in invoke("index", "remove", "washer")
    assert "washer" not in {match.part_id for match in Search.open(Path()).find(photo)}
    assert len(build_index(shop)[0].parts) == 2
    assert "12 views of 3 parts" in invoke("index", "add", "washer")
    assert Search.open(Path()).find(photo)[0].part_id == "washer"
    assert read_changes(shop).removed == [] and len(build_index(shop)[0].parts) == 3


def test_an_added_part_that_is_removed_leaves_nothing(shop: Layout) -> None:
    add_part(shop, NewPart(Path("spring.step")))
    remove_part(shop, "spring")
    assert not (shop.added / "spring").exists() and len(build_index(shop)[0].parts) == 3


def test_a_photo_becomes_a_view(shop: Layout, tmp_path: Path) -> None:
    photo = yellow_photo(tmp_path)
    assert "13 views of 3 parts" in invoke("index", "add", "washer", "--photo", str(photo), "--box", "2,2,30,20")
    first = Search.open(Path()).find(photo)
    assert next(match for match in first if match.part_id == "washer").view.startswith("washer/photo_")
    assert len(build_index(shop)[0].views) == 13
    with pytest.raises(UserError, match="already"):
        add_photo(shop, "washer", photo, search.changing.Box(2, 2, 30, 20))


def test_what_does_not_belong_together_is_refused(shop: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    class Other(ColorModel):
        key = "colors-2"

    before = (shop.index / "index.json").read_bytes()
    monkeypatch.setattr(search.changing, "load_model", lambda models, stage: (stage, Other()))
    with pytest.raises(UserError, match=r"another model.*cad2real index"):
        add_part(shop, NewPart(Path("spring.step")))
    with pytest.raises(UserError, match=r"another model.*cad2real index"):
        add_photo(shop, "washer", Path("data/photos/washer/0.jpg"))
    assert (shop.index / "index.json").read_bytes() == before and not list(shop.added.glob("*"))


def test_a_part_that_cannot_be_rendered_changes_nothing(shop: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = subprocess.CompletedProcess([], 1)
    monkeypatch.setattr(search.changing.subprocess, "run", lambda command, **kwargs: failed)
    before = (shop.index / "index.json").read_bytes()
    with pytest.raises(UserError, match="could not be rendered"):
        add_part(shop, NewPart(Path("spring.step")))
    assert (shop.index / "index.json").read_bytes() == before and not list(shop.added.glob("*"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "none.step"], "does not exist"),
        (["add", "washer"], "no CAD file and no part that was removed"),
        (["add", "spring.step", "--part-id", "WASHER"], "already"),
        (["add", "spring.step", "--box", "1,2,3,4"], "Give --photo"),
        (["add", "washer", "--photo", "none.jpg"], "no such photo"),
        (["add", "rivet", "--photo", "data/photos/washer/0.jpg"], "no part rivet"),
        (["add", "washer", "--photo", "spring.step"], "spring.step"),
        (["add", "washer", "--photo", "data/photos/washer/0.jpg", "--name", "x"], "--name says nothing"),
        (["remove", "rivet"], "no part rivet"),
    ],
)
def test_mistakes_are_told_in_a_line(shop: Layout, arguments: list[str], said: str) -> None:
    before = (shop.index / "index.json").read_bytes()
    result = CliRunner().invoke(cad2real.cli.app, ["index", *arguments])
    assert isinstance(result.exception, UserError) and said in str(result.exception)
    assert (shop.index / "index.json").read_bytes() == before


def test_the_last_part_stays(shop: Layout) -> None:
    remove_part(shop, "washer")
    remove_part(shop, "hex_nut")
    with pytest.raises(UserError, match="only part"):
        remove_part(shop, "hex_bolt")


def test_one_change_at_a_time(shop: Layout) -> None:
    with FileLock(shop.data / ".index.lock"), pytest.raises(UserError, match="Another command"):
        remove_part(shop, "washer")


@pytest.mark.parametrize("content", ["{", '{"parts": [1]}', '{"photos": [{"part_id": "a", "view": "../x"}]}', "[]"])
def test_damaged_changes_are_told(shop: Layout, content: str) -> None:
    shop.added.mkdir(exist_ok=True)
    (shop.added / "added.json").write_text(content)
    with pytest.raises(UserError, match=r"added.json is damaged"):
        build_index(shop)


@pytest.fixture(params=["qdrant_edge", "qdrant"])
def other_store(request: pytest.FixtureRequest) -> Iterator[str]:
    """What params.yaml says of a store that is not in memory; the server answers over HTTP."""
    pytest.importorskip("qdrant_edge", reason="the extra qdrant is not installed")
    pytest.importorskip("qdrant_client", reason="the extra qdrant is not installed")
    from tests.search.stores.qdrant_server import FakeServer, fake_server

    with fake_server(FakeServer()) as server:
        yield f"search:\n  store: {request.param}\n  qdrant_url: {server.url}\n"


def test_another_store_answers_as_the_index_does(shop: Layout, tmp_path: Path, other_store: str) -> None:
    photos = [yellow_photo(tmp_path), *(Path(f"data/photos/{part_id}/0.jpg") for part_id in COLORS)]
    add_part(shop, NewPart(Path("spring.step")))
    expected = [Search.open(Path()).find(photo) for photo in photos]
    Path("params.yaml").write_text(other_store)
    with pytest.raises(UserError, match="cad2real index"):
        Search.open(Path())
    build_index(shop)
    opened = Search.open(Path())
    for photo, matches in zip(photos, expected, strict=True):
        found = opened.find(photo)
        assert [one.part_id for one in found] == [one.part_id for one in matches]  # the views of a part are alike
        assert np.allclose([one.distance for one in found], [one.distance for one in matches], atol=1e-5)
    remove_part(shop, "spring")
    assert "spring" not in {match.part_id for match in Search.open(Path()).find(photos[0])}
    if "qdrant_edge" in other_store:
        assert opened.find(photos[0])[0].part_id == "spring"  # a server still has the index of before


def test_a_server_that_is_not_there_changes_nothing(shop: Layout) -> None:
    pytest.importorskip("qdrant_client", reason="the extra qdrant is not installed")
    Path("params.yaml").write_text("search:\n  store: qdrant\n  qdrant_url: http://127.0.0.1:1\n")
    before = (shop.index / "index.json").read_bytes()
    with pytest.raises(UserError, match="cannot be reached"):
        remove_part(shop, "washer")
    assert (shop.index / "index.json").read_bytes() == before and read_changes(shop).removed == []
