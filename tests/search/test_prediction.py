"""`cad2real predict`: photos and folders in, labels out; bad photos are named and the others go on."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

import cad2real.cli
from cad2real.errors import Skipped, UserError
from cad2real.layout import Layout
from photos.crop import Box
from photos.params import PhotosParams
from search.prediction import Predictor, list_photos, model_in_use
from train.model import save_model
from train.networks.new_network import new_network


class Redness:
    """Says `red` with the share of red in the middle of a square, and keeps what it was shown."""

    knows_scale = False
    unknown_below: float | None = None

    def __init__(self) -> None:
        self.seen: list[Image.Image] = []
        self.sides: list[Sequence[float] | None] = []

    def predict(
        self, images: Sequence[Image.Image], top: int = 5, sides: Sequence[float] | None = None, outlines: bool = True
    ) -> list[list[tuple[str, float]]]:
        self.seen += images
        self.sides.append(sides)
        answers = []
        for image in images:
            pixel = image.getpixel((image.width // 2, image.height // 2))
            assert isinstance(pixel, tuple)
            answers.append(sorted([("red", pixel[0] / 255), ("other", 1 - pixel[0] / 255)], key=lambda x: -x[1])[:top])
        return answers


def predictor() -> tuple[Predictor, Redness]:
    model = Redness()
    return Predictor(model, PhotosParams(size=64)), model


def photo(path: Path, size: tuple[int, int] = (90, 40), colour: str = "red") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path, quality=95)
    return path


def test_what_the_model_is_unsure_of_is_unknown_where_it_has_a_threshold(tmp_path: Path) -> None:
    paths = [photo(tmp_path / "red.png"), photo(tmp_path / "brown.png", colour="#990000")]
    tool, model = predictor()
    assert ["unknown" in answer.as_dict() for answer in tool.predict(paths)] == [False, False]
    model.unknown_below = 0.8
    assert [answer.as_dict()["unknown"] for answer in tool.predict(paths)] == [False, True]


def test_bad_photos_are_named_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "words.jpg").write_text("no picture")
    paths = [photo(tmp_path / "a.png"), tmp_path / "words.jpg", tmp_path / "gone.jpg", photo(tmp_path / "b.png")]
    tool, model = predictor()
    answers = list(tool.predict(paths, top=2))
    assert [isinstance(answer, Skipped) for answer in answers] == [False, True, True, False]
    assert "not a picture" in str(answers[1]) and "does not exist" in str(answers[2])
    assert not isinstance(answers[0], Skipped) and answers[0].labels == (("red", 1.0), ("other", 0.0))
    assert [square.size for square in model.seen] == [(64, 64)] * 2  # squares as the photos room makes them


def test_photos_are_upright_and_boxes_mean_upright_pixels(tmp_path: Path) -> None:
    picture = Image.new("RGB", (100, 50), "blue")
    picture.paste("red", (0, 0, 50, 50))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise: the left, red half is on top
    path = tmp_path / "turned.png"
    picture.save(path, exif=exif)
    tool, _ = predictor()
    (top,), (bottom,) = (list(tool.predict([path], box)) for box in (Box(5, 5, 45, 45), Box(5, 55, 45, 95)))
    assert not isinstance(top, Skipped) and not isinstance(bottom, Skipped)
    assert top.labels[0][0] == "red" and bottom.labels[0][0] == "other"
    (outside,) = tool.predict([path], Box(500, 500, 600, 600))
    assert isinstance(outside, Skipped)


def test_sizes_count_only_for_photos_of_the_same_camera(tmp_path: Path) -> None:
    paths = [photo(tmp_path / "a.png", (90, 40)), photo(tmp_path / "b.png", (50, 50))]
    tool, model = predictor()
    list(tool.predict(paths))
    list(tool.predict(paths, same_camera=True))
    list(tool.predict(paths, Box(5, 5, 25, 15), same_camera=True))
    assert model.sides == [None, [90.0, 50.0], [20.0, 20.0]]  # pixels of the photo, not of the square


def test_folders_are_looked_through(tmp_path: Path) -> None:
    photo(tmp_path / "shots/bolt/2.jpg")
    photo(tmp_path / "shots/1.jpg")
    (tmp_path / "shots/notes.txt").write_text("not a photo")
    (tmp_path / "none").mkdir()
    found, skipped = list_photos([tmp_path / "shots", tmp_path / "other.jpg", tmp_path / "none"])
    assert found == [tmp_path / "shots/1.jpg", tmp_path / "shots/bolt/2.jpg", tmp_path / "other.jpg"]
    assert [fault.thing for fault in skipped] == [str(tmp_path / "none")]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.chdir(tmp_path)
    description = {"classes": ["bolt", "nut"], "backbone": "resnet10t", "image_size": 32, "rotations": 1}
    save_model(Path("data/models/adapt"), new_network("resnet10t", "random", 2, 32), description)
    return Layout()


def test_the_command(project: Layout) -> None:
    photo(Path("shots/wide.jpg"))
    run = CliRunner().invoke(cad2real.cli.app, ["predict", "shots", "--top", "2", "--json", "out.json"])
    assert run.exit_code == 0 and run.stdout.splitlines()[0].split() == ["photo", "label", "probability"]
    assert [line.split()[1:] for line in run.stdout.splitlines()[1:]] == [["bolt", "50.0%"], ["nut", "50.0%"]]
    Path("shots/broken.jpg").write_bytes(b"\xff\xd8\xff")
    run = CliRunner().invoke(cad2real.cli.app, ["predict", "shots", "--json", "out.json"])
    assert run.exit_code == 1 and "wide.jpg" in run.stdout and "broken.jpg" in run.stderr
    said = json.loads(Path("out.json").read_text())
    assert said["photos"] == [{"photo": "shots/wide.jpg", "labels": [{"label": "bolt", "probability": 0.5}]}]
    assert [fault["thing"] for fault in said["skipped"]] == ["shots/broken.jpg"]


def test_names_of_a_strangers_model_do_not_reach_the_terminals_control(project: Layout) -> None:
    description = {"classes": ["\x1b[2Jbolt", "nut\x07"], "backbone": "resnet10t", "image_size": 32, "rotations": 1}
    save_model(project.models / "adapt", new_network("resnet10t", "random", 2, 32), description)
    photo(Path("shots/wide\x1b[1m.jpg"))
    Path("shots/bad\x1b[1m.jpg").write_text("no picture")
    run = CliRunner().invoke(cad2real.cli.app, ["predict", "shots", "--top", "2"])
    assert "\\x1b[2Jbolt" in run.stdout and "wide\\x1b[1m.jpg" in run.stdout and "bad\\x1b[1m.jpg" in run.stderr
    assert not set("\x1b\x07") & set(run.stdout + run.stderr)


def test_too_little_memory_is_one_line(project: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    def starved(*_: object, **__: object) -> None:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    monkeypatch.setattr("train.networks.inference.Inference.probabilities", starved)
    monkeypatch.setattr("train.networks.inference.Inference.embed_and_classify", starved)
    photo(Path("wide.jpg"))
    run = CliRunner().invoke(cad2real.cli.app, ["predict", "wide.jpg"])
    assert isinstance(run.exception, UserError) and str(run.exception).startswith("predict: out of memory.")


def test_the_model_in_use_comes_first(project: Layout) -> None:
    assert model_in_use(project) == project.models / "adapt"
    promoted = project.models / "promoted" / "one"
    save_model(
        promoted,
        new_network("resnet10t", "random", 2, 32),
        {"classes": ["gear", "pin"], "backbone": "resnet10t", "image_size": 32, "rotations": 1},
    )
    (project.models / "current").symlink_to(Path("promoted/one"))
    assert model_in_use(project) == project.models / "current"
    photo(Path("wide.jpg"))
    assert "gear" in CliRunner().invoke(cad2real.cli.app, ["predict", "wide.jpg"]).stdout
    chosen = CliRunner().invoke(cad2real.cli.app, ["predict", "wide.jpg", "--model", "data/models/adapt"])
    assert "bolt" in chosen.stdout
