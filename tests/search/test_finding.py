"""`cad2real find`: whole photos in, boxes out; bad photos are named and the others go on."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import cad2real.cli
from cad2real.errors import Skipped, UserError
from photos.finder.finder import FoundPart
from photos.finder.masks import run_lengths
from search.finding import FoundParts, PartFinder, drawn
from train.find.export import onnx_of, save_finder
from train.find.network import new_finder_network


class Middle:
    """Finds one part in the middle half of every photo that is not black, with a score of 0.8."""

    def find(self, photo: Image.Image, threshold: float | None = None) -> list[FoundPart]:
        if not photo.getbbox() or (threshold or 0) > 0.8:
            return []
        width, height = photo.size
        box = (width / 4, height / 4, width * 3 / 4, height * 3 / 4)
        mask = np.zeros((height, width), bool)
        return [FoundPart(box, 0.8, run_lengths(mask))]


def photo(path: Path, size: tuple[int, int] = (80, 40), colour: str = "red") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with an untrained finder, as the working folder."""
    monkeypatch.chdir(tmp_path)
    network, _ = new_finder_network("test_efficientnet", "random", 64, 0)
    save_finder(Path("data/models/find"), onnx_of(network), {"image_size": 64, "threshold": 0.5})
    return tmp_path


def test_boxes_are_pixels_of_the_upright_photo(tmp_path: Path) -> None:
    turned = Image.new("RGB", (80, 40), "red")
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.jpg", exif=exif)
    (found,) = PartFinder(Middle()).find([tmp_path / "turned.jpg"])
    assert isinstance(found, FoundParts)
    assert (found.width, found.height) == (40, 80)
    assert found.parts[0].box == (10, 20, 30, 60)


def test_a_bad_photo_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    (tmp_path / "empty.jpg").touch()
    good = photo(tmp_path / "good.png")
    paths = [tmp_path / "broken.jpg", tmp_path / "missing.jpg", good, tmp_path / "empty.jpg"]
    found = list(PartFinder(Middle()).find(paths))
    assert [isinstance(one, Skipped) for one in found] == [True, True, False, True]
    assert "does not exist" in str(found[1])


def test_pictures_with_boxes_are_drawn(tmp_path: Path) -> None:
    paths = [photo(tmp_path / "a" / "one.png", (3200, 1600)), photo(tmp_path / "b" / "one.png")]
    list(PartFinder(Middle()).find(paths, draw=tmp_path / "drawn"))
    names = sorted(path.name for path in (tmp_path / "drawn").iterdir())
    assert names == ["00000_one.jpg", "00001_one.jpg"]  # of one name in two folders, both
    with Image.open(tmp_path / "drawn" / "00000_one.jpg") as shown:
        assert shown.size == (1600, 800)
        red, green, _ = shown.convert("RGB").getpixel((400, 400))  # type: ignore[misc]
        assert green > red


def test_an_empty_box_can_be_drawn() -> None:
    part = FoundPart((5, 5, 5, 5), 0.5, {})
    drawn(Image.new("RGB", (20, 20)), FoundParts(Path("x"), 20, 20, (part,)))


def test_the_command_prints_boxes_and_writes_json(project: Path) -> None:
    photo(Path("shots/one.png"))
    Path("shots/bad.png").write_bytes(b"x")
    run = CliRunner().invoke(
        cad2real.cli.app, ["find", "shots", "--json", "found.json", "--draw", "drawn", "--threshold", "0"]
    )
    assert run.exit_code == 1
    assert "bad.png" in run.stderr
    assert "one.png" in run.stdout
    written = json.loads(Path("found.json").read_text())
    assert [one["photo"] for one in written["photos"]] == ["shots/one.png"]
    assert written["photos"][0]["width"] == 80
    for part in written["photos"][0]["parts"]:
        assert sum(part["mask"]["counts"]) == 80 * 40
    assert written["skipped"][0]["thing"] == "shots/bad.png"
    assert len(list(Path("drawn").iterdir())) == 1


def test_a_photo_without_parts_is_said_to_have_none(project: Path) -> None:
    photo(Path("black.png"), colour="black")
    run = CliRunner().invoke(cad2real.cli.app, ["find", "black.png", "--threshold", "1"])
    assert run.exit_code == 0
    assert "nothing found" in run.stdout


def test_without_a_finder_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text("{}\n")
    photo(Path("one.png"))
    run = CliRunner().invoke(cad2real.cli.app, ["find", "one.png"])
    assert isinstance(run.exception, UserError)
    assert "cad2real train find" in str(run.exception)
    assert "\n" not in str(run.exception)


def test_training_without_renders_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text("{}\n")
    run = CliRunner().invoke(cad2real.cli.app, ["train", "find"])
    assert isinstance(run.exception, UserError)
    assert "cad2real render" in str(run.exception)
