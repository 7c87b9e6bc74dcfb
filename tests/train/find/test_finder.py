"""The finder learns to find shapes, goes on where it was killed, and is refused when it is not what it should be."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cad2real.errors import UserError
from cad2real.layout import Layout
from photos.finder.finder import Finder, onnx_network
from photos.params import PhotosParams
from tests.train.conftest import write_renders
from train.find import adaptation, training
from train.find.export import onnx_of, save_finder
from train.find.need import photos_to_look_through, why_no_finder
from train.find.network import new_finder_network
from train.find_params import FindParams
from train.params import TrainParams
from train.stages import find as stage

SMALL = TrainParams(backbone="test_efficientnet", weights="random")
FIND = FindParams(image_size=64, steps=4, batch_size=2)


@pytest.fixture
def few_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "HELD_OUT_PICTURES", 4)


def small_finder(folder: Path) -> Path:
    network, _ = new_finder_network("test_efficientnet", "random", 64, 0)
    save_finder(folder, onnx_of(network), {"image_size": 64, "threshold": 0.5})
    return folder


def test_it_learns_to_find_shapes(tmp_path: Path, few_held_out: None) -> None:
    layout = Layout(tmp_path)
    write_renders(layout.renders)
    find = FindParams(image_size=64, steps=300, batch_size=8)
    description = stage.run(layout, SMALL, find, PhotosParams())
    assert 0 < description["threshold"] < 1
    ground = Image.new("RGB", (128, 128), (190, 190, 185))
    photo = ground.copy()
    photo.paste((160, 40, 30), (40, 40, 84, 84))
    finder = Finder.load(layout.models / "find")
    seen, nothing = finder.look(photo), finder.look(ground)
    assert np.abs(seen[0].box - [40, 40, 84, 84]).max() < 8
    assert not nothing or nothing[0].score < seen[0].score


def test_a_run_that_was_killed_ends_as_if_it_had_not_been(
    tmp_path: Path, few_held_out: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "STEPS_A_CHECKPOINT", 2)
    monkeypatch.setattr(adaptation, "ROUND", 1)
    find = FindParams(image_size=64, steps=6, batch_size=2)  # and two with photos
    weights = []
    for name, module, killed_at in (("whole", training, None), ("killed", training, 3), ("later", adaptation, 1)):
        layout = Layout(tmp_path / name)
        write_renders(layout.renders)
        squares(layout.data / "photos", 8, None)
        step = module.step_on
        if killed_at is not None:

            def killed(*arguments, _step=step, _at=killed_at):  # type: ignore[no-untyped-def]
                if arguments[2] == _at:
                    raise KeyboardInterrupt
                return _step(*arguments)

            monkeypatch.setattr(module, "step_on", killed)
            with pytest.raises(KeyboardInterrupt):
                stage.run(layout, SMALL, find, PhotosParams())
            monkeypatch.setattr(module, "step_on", step)
            assert list(layout.cache.glob("find-*/run.safetensors"))
            assert bool(list(layout.cache.glob("find-*/photos.safetensors"))) == (module is adaptation)
        description = stage.run(layout, SMALL, find, PhotosParams())
        assert set(description["choice"]) == {"source", "adapted"}
        weights.append((layout.models / "find" / "finder.onnx").read_bytes())
        assert not list(layout.cache.glob("find-*/run.safetensors"))
    assert weights[0] == weights[1] == weights[2]


def test_photos_of_the_project_give_surfaces_without_their_black_bars() -> None:
    square = Image.new("RGB", (100, 100))
    square.paste((180, 170, 160), (0, 20, 100, 80))
    assert stage.without_bars(square).size == (100, 60)
    assert stage.without_bars(Image.new("RGB", (100, 100))).size == (100, 100)


def test_one_part_is_enough(tmp_path: Path, few_held_out: None) -> None:
    layout = Layout(tmp_path)
    write_renders(layout.renders, classes=("ring",), views=2)
    find = FindParams(image_size=64, steps=1, batch_size=2)
    assert stage.run(layout, SMALL, find, PhotosParams())["source_images"] == 2


def test_without_renders_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no renders"):
        stage.run(Layout(tmp_path), SMALL, FIND, PhotosParams())


def test_the_encoder_starts_from_the_embedded_weights_and_only_its_later_blocks_train() -> None:
    network, first = new_finder_network("tf_efficientnet_lite0", "embedded", 64, 0)
    state, body = first.state_dict(), network.encoder.model.state_dict()  # type: ignore[union-attr, operator]
    assert len(body) > 200
    assert all(torch.equal(value, state[name]) for name, value in body.items())
    trained = network.trained_from(first, 2)
    frozen = [name for name, value in network.encoder.named_parameters() if not value.requires_grad]
    assert trained
    assert frozen
    assert all("conv_stem" in name or "bn1" in name or "blocks.0." in name for name in frozen)


def test_weights_depend_on_the_seed_and_leave_the_global_state_alone() -> None:
    before = torch.get_rng_state()
    one, again, other = (new_finder_network("test_efficientnet", "random", 64, seed)[0] for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    heads = [network.head[0].weight for network in (one, again, other)]
    assert torch.equal(heads[0], heads[1])  # type: ignore[arg-type]
    assert not torch.equal(heads[0], heads[2])  # type: ignore[arg-type]


def test_a_photo_of_any_shape_gives_boxes_within_it(tmp_path: Path) -> None:
    finder = Finder.load(small_finder(tmp_path / "find"))
    for size in ((200, 20), (8, 90), (64, 64), (500, 333)):
        photo = Image.fromarray(np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8))
        boxes = np.array([one.box for one in finder.look(photo)]).reshape(-1, 4)
        assert (boxes >= -1e-3).all()
        assert (boxes <= np.array([*size, *size]) + 1e-3).all()
        for part in finder.find(photo, 0.0)[:3]:
            assert part.mask["size"] == [size[1], size[0]]
            assert sum(part.mask["counts"]) == size[0] * size[1]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "finder.json").unlink(), "holds no finder"),
        (lambda folder: (folder / "finder.json").write_text("{}"), "damaged or foreign finder"),
        (lambda folder: (folder / "finder.onnx").write_bytes(b"no network"), "damaged or foreign finder"),
        (
            lambda folder: (folder / "finder.json").write_text(json.dumps({"image_size": 64, "threshold": "high"})),
            "threshold",
        ),
        (lambda folder: (folder / "finder.json").write_text('{"not_needed": "no photos."}'), "no finder: no photos"),
        (lambda folder: (folder / "finder.onnx").write_bytes((folder / "finder.onnx").read_bytes()[:5000]), "damaged"),
    ],
)
def test_what_is_no_finder_is_refused_in_one_line(tmp_path: Path, damage, said: str) -> None:  # type: ignore[no-untyped-def]
    folder = small_finder(tmp_path / "find")
    damage(folder)
    with pytest.raises(UserError, match=said) as error:
        Finder.load(folder)
    assert "\n" not in str(error.value)


def test_a_network_without_a_pyramid_is_refused_in_one_line() -> None:
    with pytest.raises(UserError, match="gives no features at several sizes") as error:
        new_finder_network("test_vit", "random", 160, 0)
    assert "\n" not in str(error.value)


def test_the_file_says_what_the_network_says_at_any_size() -> None:
    network, _ = new_finder_network("test_efficientnet", "random", 64, 0)
    run = onnx_network(onnx_of(network), threads=1)
    for height, width in ((64, 64), (32, 96), (160, 128)):
        picture = np.random.default_rng(0).integers(0, 255, (3, height, width), dtype=np.uint8)
        with torch.inference_mode():
            maps = network(torch.from_numpy(picture[None]).float() / 255)
        wanted = torch.sigmoid(maps.foreground)[0], torch.sigmoid(maps.centre)[0], maps.reach[0]
        for one, other in zip(run(picture), wanted, strict=True):
            np.testing.assert_allclose(one, other.numpy(), rtol=1e-4, atol=1e-4)


def squares(folder: Path, count: int, colour: tuple[int, int, int] | None) -> None:
    """Photos with something in the middle, on one colour or on noise (None)."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        noise = np.random.default_rng(number).integers(0, 255, (64, 64, 3), dtype=np.uint8)
        photo = Image.new("RGB", (64, 64), colour) if colour else Image.fromarray(noise)
        photo.paste((200, 30, 30), (20, 20, 44, 44))
        photo.save(folder / f"{number}.png")


@pytest.mark.parametrize(
    ("colour", "boxes", "crop", "why"),
    [
        ((240, 240, 240), False, "auto", "plain pictures"),
        ((240, 240, 240), False, "found", ""),
        (None, False, "auto", ""),
        (None, True, "auto", "no photo without a box"),
        (None, True, "found", ""),
        (None, False, "whole", "photos.crop is whole"),
        (None, False, "boxes", "photos.crop is boxes"),
    ],
)
def test_a_finder_is_trained_where_photos_need_one(tmp_path: Path, colour, boxes: bool, crop, why: str) -> None:  # type: ignore[no-untyped-def]
    layout = Layout(tmp_path)
    folder = layout.data / "photos"
    squares(folder, 4, colour)
    if boxes:
        rows = [f"{number}.png,a,20,20,44,44" for number in range(4)]
        (folder / "boxes.csv").write_text("\n".join(["image,label,x_min,y_min,x_max,y_max", *rows]))
    params = PhotosParams(crop=crop)
    reason = why_no_finder(photos_to_look_through(layout, params), params)
    assert why in reason
    assert bool(reason) == bool(why)


def test_where_photos_need_none_the_folder_says_why(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    description = stage.run(layout, SMALL, FIND, PhotosParams(crop="whole"), if_needed=True)
    assert description == {"not_needed": "photos.crop is whole."}
    with pytest.raises(UserError, match=r"photos\.crop is whole"):
        Finder.load(layout.models / "find")


def test_photos_that_cannot_be_used_are_no_surfaces(tmp_path: Path, few_held_out: None) -> None:
    layout = Layout(tmp_path)
    write_renders(layout.renders)
    squares(layout.data / "photos", 3, None)
    (layout.data / "photos" / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    find = FindParams(image_size=64, steps=1, batch_size=2)
    assert stage.run(layout, SMALL, find, PhotosParams())["target_images"] == 3


def test_a_stage_that_would_train_the_same_finder_keeps_it(
    tmp_path: Path, few_held_out: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = Layout(tmp_path)
    write_renders(layout.renders)
    squares(layout.data / "photos", 2, None)
    find = FindParams(image_size=64, steps=1, batch_size=2)
    first = stage.run(layout, SMALL, find, PhotosParams(), if_needed=True)
    with monkeypatch.context() as patch:
        patch.setattr(stage, "train_finder", None)
        longer = SMALL.model_copy(update={"epochs": 3})  # of no concern to the finder
        assert stage.run(layout, longer, find, PhotosParams(), if_needed=True)["run_key"] == first["run_key"]
        squares(layout.data / "photos", 4, None)  # two more: twice as many
        assert stage.run(layout, longer, find, PhotosParams(), if_needed=True)["run_key"] == first["run_key"]
    squares(layout.data / "photos", 5, None)
    more = stage.run(layout, SMALL, find, PhotosParams(), if_needed=True)
    assert more["run_key"] != first["run_key"]
    assert more["photos"] == 5
    (layout.models / "find" / "finder.onnx").write_bytes(b"damaged")
    stage.run(layout, SMALL, find, PhotosParams(), if_needed=True)
    Finder.load(layout.models / "find")
