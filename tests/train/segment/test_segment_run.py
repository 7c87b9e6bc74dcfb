"""Segmentation learns shapes, goes on where it was killed, and its commands list what is bad."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from pycocotools.coco import COCO
from typer.testing import CliRunner

from cad2real.cli import app
from cad2real.errors import UserError
from cad2real.layout import Layout
from photos.params import PhotosParams
from tests.train.conftest import write_renders
from train.params import TrainParams
from train.segment import choice, training
from train.segment.choice import Candidate, better
from train.segment.classes import Classes
from train.segment.model import DESCRIPTION, NETWORK, Segmenter, save_segmenter
from train.segment.network import Seen, new_segmentation_network
from train.segment_params import SegmentParams
from train.stages import segment as stage

SMALL = TrainParams(backbone="test_efficientnet", weights="random")
CLASSES = Classes(("background", "bar", "disc"), {"bar": "bar", "disc": "disc"})


@pytest.fixture
def few_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "HELD_OUT_PICTURES", 3)


def write_photos(folder: Path, count: int) -> None:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(count):
        pixels = rng.integers(90, 200, (8, 12, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((96, 64)).save(folder / f"{number}.jpg")


def small_model(folder: Path) -> Path:
    network = new_segmentation_network("test_efficientnet", "random", 64, 3, 0)
    save_segmenter(folder, network, CLASSES, {"backbone": "test_efficientnet", "image_size": 64})
    return folder


def test_it_learns_where_shapes_are_and_which(tmp_path: Path, few_held_out: None) -> None:
    layout = Layout(tmp_path)
    write_renders(layout.renders, classes=("bar", "disc"))
    segment = SegmentParams(image_size=64, steps=200, batch_size=8, methods={})
    description = stage.run(layout, SMALL, segment, PhotosParams())
    assert description["classes"] == ["background", "bar", "disc"]
    assert not description["adapted"]
    photo = Image.new("RGB", (128, 128), (190, 190, 185))
    photo.paste((160, 40, 30), (34, 34, 94, 94))
    found = Segmenter.load(layout.models / "segment").segment(photo)
    assert found.shape == (128, 128)
    inside, outside = found[44:84, 44:84], np.concatenate([found[:20].ravel(), found[-20:].ravel()])
    assert (inside != 0).mean() > 0.8
    assert (outside == 0).mean() > 0.8


def test_a_run_that_was_killed_ends_as_if_it_had_not_been(
    tmp_path: Path, few_held_out: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "STEPS_A_CHECKPOINT", 2)
    methods = dict.fromkeys(training.MAP_METHODS, 0.1)
    segment = SegmentParams.model_validate({"image_size": 64, "steps": 9, "batch_size": 4, "methods": methods})
    step, weights = training.step_on, []
    for name, killed_at in (("whole", None), ("killed", 5), ("later", 11)):
        layout = Layout(tmp_path / name)
        write_renders(layout.renders)
        write_photos(layout.data / "photos", 8)
        if killed_at is not None:
            calls = iter(range(100))

            def killed(*arguments, _calls=calls, _at=killed_at):  # type: ignore[no-untyped-def]
                if next(_calls) == _at:
                    raise KeyboardInterrupt
                return step(*arguments)

            monkeypatch.setattr(training, "step_on", killed)
            with pytest.raises(KeyboardInterrupt):
                stage.run(layout, SMALL, segment, PhotosParams())
            monkeypatch.setattr(training, "step_on", step)
            assert list(layout.cache.glob("segment-*/run.safetensors"))
            assert bool(list(layout.cache.glob("segment-*/photos.safetensors"))) == (name == "later")
        description = stage.run(layout, SMALL, segment, PhotosParams())
        assert set(description["choice"]) == {"source", "adapted"}
        weights.append((layout.models / "segment" / NETWORK).read_bytes())
        assert not list(layout.cache.glob("segment-*"))
    assert weights[0] == weights[1] == weights[2]


def test_the_adapted_one_is_kept_only_where_it_looks_better_by_more_than_noise() -> None:
    def one(iou: float, *agreements: float) -> Candidate:
        return Candidate(None, iou, np.array(agreements))  # type: ignore[arg-type]

    source = one(0.5, 0.6, 0.2, 0.8)
    for adapted, kept in (
        (one(0.5, 0.7, 0.3, 0.9), True),
        (one(0.46, 0.7, 0.3, 0.9), True),
        (one(0.44, 0.9, 0.9, 0.9), False),  # has forgotten the renders
        (one(0.6, 0.6, 0.2, 0.8), False),  # the same
        (one(0.6, 0.9, 0.1, 0.8), False),  # better in the mean, and noise
        (one(0.6, 0.0, 0.0, 0.0), False),  # sees nothing any more
        (one(float("nan"), 0.9, 0.9, 0.9), False),
    ):
        assert (better(source, adapted) is adapted) == kept
    assert source.as_dict() == {"source_iou": 0.5, "agreement": pytest.approx(1.6 / 3)}
    assert one(float("nan")).as_dict() == {"source_iou": None, "agreement": None}
    assert better(one(0.5), one(0.5)).as_dict()["agreement"] is None


def test_agreement_is_of_a_network_with_itself(tmp_path: Path) -> None:
    """A network that goes by a pixel's colour agrees with itself; one that goes by the place in the picture does not,
    nor one that sees nothing.
    """
    photos = np.full((2, 3, 64, 64), 90, np.uint8)
    photos[:, :, 16:48, 8:40] = 240

    class Known(torch.nn.Module):
        mean = torch.zeros(1)

        def __init__(self, rule) -> None:  # type: ignore[no-untyped-def]
            super().__init__()
            self.rule = rule

        def forward(self, pictures: torch.Tensor) -> Seen:
            part = self.rule(pictures.mean(1)).float() * 100 - 50
            return Seen(torch.stack([-part, part], 1), ())

    def left(brightness: torch.Tensor) -> torch.Tensor:
        columns = torch.arange(brightness.shape[-1]) < brightness.shape[-1] / 2
        return columns.expand(brightness.shape)

    shares = {
        name: choice.agreements(Known(rule), photos, 64).mean()  # type: ignore[arg-type]
        for name, rule in (("colour", lambda b: b > 0.6), ("place", left), ("none", lambda b: b > 2))
    }
    assert shares["colour"] > 0.8
    assert shares["place"] < 0.1
    assert shares["none"] == 0


def test_without_renders_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no renders"):
        stage.run(Layout(tmp_path), SMALL, SegmentParams(), PhotosParams())


@pytest.mark.parametrize("size", [(200, 20), (8, 90), (64, 64), (1500, 1100)])
def test_a_photo_of_any_shape_has_a_map_of_its_shape(tmp_path: Path, size: tuple[int, int]) -> None:
    segmenter = Segmenter.load(small_model(tmp_path / "model"))
    pixels = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    found = segmenter.segment(Image.fromarray(pixels))
    assert found.shape == (size[1], size[0])
    assert found.max() < 3


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: shutil.rmtree(folder), "holds no segmentation"),
        (lambda folder: (folder / NETWORK).unlink(), "holds no segmentation"),
        (lambda folder: (folder / NETWORK).write_bytes(b"none"), "damaged or foreign"),
        (lambda folder: (folder / DESCRIPTION).write_text("{}"), "damaged or foreign"),
        (lambda folder: (folder / DESCRIPTION).write_text("no json"), "damaged or foreign"),
        (lambda folder: change(folder, classes=["background", "a"]), "damaged or foreign"),
        (lambda folder: change(folder, backbone="no_such_network"), "no_such_network"),
        (lambda folder: change(folder, image_size=10**9), "damaged or foreign"),
    ],
)
def test_what_is_no_segmentation_is_refused_in_a_line(tmp_path: Path, damage, said: str) -> None:  # type: ignore[no-untyped-def]
    damage(small_model(tmp_path / "model"))
    with pytest.raises(UserError, match=said) as error:
        Segmenter.load(tmp_path / "model")
    assert "\n" not in str(error.value)


def change(folder: Path, **values: object) -> None:
    description = json.loads((folder / DESCRIPTION).read_text())
    (folder / DESCRIPTION).write_text(json.dumps(description | values))


def test_masks_are_written_bad_photos_listed_and_other_folders_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    small_model(Layout().models / "segment")
    write_photos(tmp_path / "shots" / "nut", 2)
    (tmp_path / "shots" / "bad.jpg").write_text("no picture")
    command = ["segment", "predict", "shots", "gone.jpg", "shots/nut/0.jpg", "--out", "masks"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    assert "2 masks in masks" in result.stdout
    assert "bad.jpg" in result.stderr
    assert "gone.jpg: does not exist" in result.stderr
    coco = COCO(tmp_path / "masks" / "masks.json")
    files = {one["file_name"]: one["mask"] for one in coco.dataset["images"]}
    assert files == {"shots/nut/0.jpg": "masks/nut_0.png", "shots/nut/1.jpg": "masks/nut_1.png"}
    for image in coco.dataset["images"]:
        with Image.open(tmp_path / "masks" / image["mask"]) as mask:
            assert mask.size == (image["width"], image["height"]) == (96, 64)
            for annotation in coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]])):
                assert np.array_equal(coco.annToMask(annotation), np.asarray(mask) == annotation["category_id"])
    assert len(coco.dataset["skipped"]) == 2
    other = CliRunner().invoke(app, ["segment", "predict", "shots/nut", "--out", "shots"])
    assert isinstance(other.exception, UserError)
    assert "holds no masks" in str(other.exception)
    nothing = CliRunner().invoke(app, ["segment", "predict", "shots/bad.jpg", "--out", "new"])
    assert isinstance(nothing.exception, UserError)
    assert not (tmp_path / "new").exists()


def test_photos_are_scored_against_masks_and_boxes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    small_model(Layout().models / "segment")
    write_photos(tmp_path / "data" / "photos", 2)
    without = CliRunner().invoke(app, ["segment", "evaluate"])
    assert isinstance(without.exception, UserError)
    assert "have no boxes" in str(without.exception)
    rows = "image,label,x_min,y_min,x_max,y_max\n0.jpg,bar,10,10,50,50\n1.jpg,screw,1,1,20,20\n"
    (tmp_path / "data" / "photos" / "boxes.csv").write_text(rows)
    boxes = CliRunner().invoke(app, ["segment", "evaluate"])
    assert boxes.exit_code == 0, boxes.stderr
    assert "1 boxes of 1 photos" in boxes.stdout
    assert "no part has that label: screw" in boxes.stderr
    images = [{"id": n, "file_name": f"{n}.jpg", "height": 64, "width": 96} for n in (0, 1, 2)]
    images[1]["height"] = 60
    whole = {"size": [64, 96], "counts": [0, 64 * 96]}
    content = {
        "images": images,
        "categories": [{"id": 1, "name": "disc"}],
        "annotations": [{"image_id": 0, "category_id": 1, "segmentation": whole}],
    }
    (tmp_path / "true.json").write_text(json.dumps(content))
    masks = CliRunner().invoke(app, ["segment", "evaluate", "--masks", "true.json", "--json", "figures.json"])
    assert masks.exit_code == 1
    assert "1 photos against their masks" in masks.stdout
    assert "1.jpg: its mask is of 96x60 pixels" in masks.stderr
    assert "2.jpg: does not exist" in masks.stderr
    figures = json.loads((tmp_path / "figures.json").read_text())
    found = Segmenter.load(Layout().models / "segment").segment(Image.open(tmp_path / "data" / "photos" / "0.jpg"))
    assert figures["iou"]["disc"] == pytest.approx((found == 2).mean())
    assert figures["photos"] == 1
    assert len(figures["skipped"]) == 2
