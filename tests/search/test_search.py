"""Index and search of a small project, with a model that looks at colours only."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import cad2real.cli
import search.query
import search.stage
from cad2real.errors import UserError
from cad2real.layout import Layout
from search.index import load_index
from search.model.embedding import Embedder
from search.query import Search
from search.stage import build_index

COLORS = {"hex_bolt": (200, 40, 40), "hex_nut": (40, 180, 60), "washer": (40, 60, 200)}


class ColorModel:
    """Embeds a picture as its mean colour, whatever lies around it being black or transparent."""

    key = "colors-1"
    temperature = None
    learned = frozenset()
    classes = tuple(sorted(COLORS))

    def embed_and_classify(self, images: Sequence[Image.Image]) -> tuple[np.ndarray, np.ndarray]:
        embeddings = self._embed(images)
        own = self._embed([Image.new("RGB", (8, 8), COLORS[label]) for label in self.classes])
        scores = np.exp(4 * embeddings @ own.T)
        return embeddings, (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)

    def embed_files(self, paths: Sequence[Path], label: str) -> np.ndarray:
        return self._embed([Image.open(path) for path in paths])

    def _embed(self, images: Sequence[Image.Image]) -> np.ndarray:
        means = np.array([np.asarray(image.convert("RGB"), dtype=np.float32).mean(axis=(0, 1)) for image in images])
        centred = means - means.mean(axis=1, keepdims=True)
        return (centred / np.linalg.norm(centred, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for part_id, color in COLORS.items():
        folder = tmp_path / "data/renders" / part_id
        folder.mkdir(parents=True)
        for view in range(4):
            shade = np.clip(np.array(color) + rng.normal(0, 10, 3), 0, 255).astype(np.uint8)
            Image.new("RGBA", (16, 16), (*shade.tolist(), 255)).save(folder / f"view_{view:03d}.png")
        views = [{"file": f"view_{view:03d}.png"} for view in range(4)]
        said = {"part_id": part_id, "label": part_id, "name": part_id.title(), "views": views}
        (folder / "part.json").write_text(json.dumps(said))
        for number in range(2):
            photo = tmp_path / "data/photos" / part_id / f"{number}.jpg"
            photo.parent.mkdir(parents=True, exist_ok=True)
            shade = np.clip(np.array(color) + rng.normal(0, 10, 3), 0, 255).astype(np.uint8)  # no photo twice
            Image.new("RGB", (40, 30), tuple(shade.tolist())).save(photo)
    (tmp_path / "data/renders/renders.json").write_text(json.dumps({"parts": sorted(COLORS), "failed": []}))
    _use(monkeypatch, ColorModel())
    return tmp_path


def _use(monkeypatch: pytest.MonkeyPatch, model: Embedder) -> None:
    def load(models: Path, stage: str | None = None) -> tuple[str, Embedder]:
        return stage or "adapt", model

    monkeypatch.setattr(search.stage, "load_model", load)
    monkeypatch.setattr(search.stage, "onnx_of", lambda model: b"")
    monkeypatch.setattr(search.query.PhotoNetwork, "load", lambda path, threads: model)


def test_index_then_search(project: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(cad2real.cli.app, ["photos"]).exit_code == 0
    result = runner.invoke(cad2real.cli.app, ["index"])
    assert result.exit_code == 0, result.exception
    assert "12 views of 3 parts" in result.stdout and "first: 100.0%" in result.stdout
    assert json.loads(Path("data/index/retrieval.json").read_text()) == {
        "photos": 6, "top1": 1.0, "top5": 1.0, "labels_without_cad": [],
    }  # fmt: skip

    scores = json.loads(Path("data/index/scores.json").read_text())
    assert set(scores) == {"answers", "views"}
    assert scores["answers"]["accuracy_1"] == scores["answers"]["ndcg_10"] == 1 and scores["views"]["photos"] == 6

    result = runner.invoke(cad2real.cli.app, ["search", "data/photos/hex_nut/0.jpg", "--top", "2"])
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["rank", "part", "label", "name", "distance"]
    assert lines[1].split()[:4] == ["1", "hex_nut", "hex_nut", "Hex_Nut"] and len(lines) == 3

    result = runner.invoke(cad2real.cli.app, ["search", "data/photos/washer/1.jpg", "--box", "2,2,30,20", "--json"])
    found = json.loads(result.stdout)
    assert [match["rank"] for match in found] == [1, 2, 3] and found[0]["part_id"] == "washer"
    assert 0 <= found[0]["distance"] < found[1]["distance"] <= 2
    assert (Path("data/renders") / found[0]["view"]).is_file()


def test_examples_for_the_report(project: Path) -> None:
    CliRunner().invoke(cad2real.cli.app, ["photos"])
    build_index(Layout())
    examples = json.loads(Path("data/index/examples.json").read_text())
    assert len(examples) == 6
    for example in examples:
        assert (Path("data/squares") / example["square"]).is_file()
        assert example["right"] is True and example["found"][0]["label"] == example["label"]


def test_photos_of_classes_without_cad_do_not_count(project: Path) -> None:
    Image.new("RGB", (40, 30), "yellow").save(project / "data/photos/loose.jpg")
    (project / "data/photos/rivet").mkdir()
    Image.new("RGB", (40, 30), "yellow").save(project / "data/photos/rivet/0.jpg")
    CliRunner().invoke(cad2real.cli.app, ["photos"])
    _, scores = build_index(Layout())
    assert (scores.photos, scores.top1) == (6, 1.0)
    assert json.loads(Path("data/index/retrieval.json").read_text())["labels_without_cad"] == ["rivet"]


def test_without_photos_or_labels_there_is_an_index_and_no_score(project: Path) -> None:
    _, scores = build_index(Layout())
    assert (scores.photos, scores.top1, json.loads(Path("data/index/examples.json").read_text())) == (0, None, [])
    for number, photo in enumerate(sorted(project.glob("data/photos/*/*.jpg"))):
        photo.rename(project / f"data/photos/{number}.jpg")
    CliRunner().invoke(cad2real.cli.app, ["photos"])
    assert build_index(Layout())[1].photos == 0
    examples = json.loads(Path("data/index/examples.json").read_text())
    assert len(examples) == 6 and {example["right"] for example in examples} == {None}


def test_an_index_of_another_model_is_refused(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"no index.*cad2real index"):
        Search.open(project)
    build_index(Layout())
    other = ColorModel()
    other.key = "colors-2"
    _use(monkeypatch, other)
    with pytest.raises(UserError, match=r"another model.*cad2real index"):
        Search.open(project)


def test_parts_that_the_classifier_does_not_know_are_found_by_their_views(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = ColorModel()
    old.classes = ("hex_bolt", "hex_nut")  # trained before the washer was added
    _use(monkeypatch, old)
    CliRunner().invoke(cad2real.cli.app, ["photos"])
    assert build_index(Layout())[1].top1 == 1.0


def test_damaged_indexes_are_refused(project: Path) -> None:
    build_index(Layout())
    for name, damage in {
        "index.safetensors": b"\x80\x04\x95pickle", "index.json": b"{}",
    }.items():  # fmt: skip
        path = project / "data/index" / name
        whole = path.read_bytes()
        path.write_bytes(damage)
        with pytest.raises(UserError, match="damaged index"):
            load_index(project / "data/index")
        path.write_bytes(whole)
    said = json.loads((project / "data/index/index.json").read_text())
    said["rows"].pop()
    (project / "data/index/index.json").write_text(json.dumps(said))
    with pytest.raises(UserError, match="damaged index"):
        load_index(project / "data/index")


def test_what_a_person_may_get_wrong(project: Path) -> None:
    build_index(Layout())
    find = Search.open(project).find
    with pytest.raises(UserError, match=r"gone.jpg: no such photo"):
        find(Path("gone.jpg"))
    Path("words.jpg").write_text("not a picture")
    with pytest.raises(UserError, match=r"words.jpg is not a picture"):
        find(Path("words.jpg"))
    error = CliRunner().invoke(cad2real.cli.app, ["search", "data/photos/washer/0.jpg", "--box", "1,2,3"]).exception
    assert isinstance(error, UserError) and "four numbers" in str(error)
    (project / "data/renders/renders.json").write_text('{"parts": ["../photos"], "failed": []}')
    with pytest.raises(UserError, match=r"missing|outside"):
        build_index(Layout())
    (project / "data/renders/renders.json").write_text('{"parts": [], "failed": []}')
    with pytest.raises(UserError, match="no rendered part"):
        build_index(Layout())
