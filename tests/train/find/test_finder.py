"""The finder learns to find shapes, goes on where it was killed, and is refused when it is not what it should be."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cad2real.errors import UserError
from cad2real.layout import Layout
from tests.train.conftest import write_renders
from train.find import training
from train.find.finder import Finder, save_finder
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
    save_finder(folder, network, {"backbone": "test_efficientnet", "image_size": 64, "threshold": 0.5})
    return folder


def test_it_learns_to_find_shapes(tmp_path: Path, few_held_out: None) -> None:
    layout = Layout(tmp_path)
    write_renders(layout.renders)
    find = FindParams(image_size=64, steps=60, batch_size=8)
    description = stage.run(layout, SMALL, find)
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
    weights = []
    for name, killed_at in (("whole", None), ("killed", 3)):
        layout = Layout(tmp_path / name)
        write_renders(layout.renders)
        step = training._step
        if killed_at is not None:

            def killed(*arguments, _step=step, _at=killed_at):  # type: ignore[no-untyped-def]
                if arguments[2] == _at:
                    raise KeyboardInterrupt
                return _step(*arguments)

            monkeypatch.setattr(training, "_step", killed)
            with pytest.raises(KeyboardInterrupt):
                stage.run(layout, SMALL, FIND)
            monkeypatch.setattr(training, "_step", step)
            assert list(layout.cache.glob("find-*/run.safetensors"))
        stage.run(layout, SMALL, FIND)
        weights.append((layout.models / "find" / "model.safetensors").read_bytes())
        assert not list(layout.cache.glob("find-*/run.safetensors"))
    assert weights[0] == weights[1]


def test_photos_of_the_project_give_surfaces_without_their_black_bars() -> None:
    square = Image.new("RGB", (100, 100))
    square.paste((180, 170, 160), (0, 20, 100, 80))
    assert stage.without_bars(square).size == (100, 60)
    assert stage.without_bars(Image.new("RGB", (100, 100))).size == (100, 100)


def test_one_part_is_enough(tmp_path: Path, few_held_out: None) -> None:
    layout = Layout(tmp_path)
    write_renders(layout.renders, classes=("ring",), views=2)
    find = FindParams(image_size=64, steps=1, batch_size=2)
    assert stage.run(layout, SMALL, find)["source_images"] == 2


def test_without_renders_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no renders"):
        stage.run(Layout(tmp_path), SMALL, FIND)


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
        (lambda folder: (folder / "model.safetensors").write_bytes(b"no weights"), "damaged or foreign finder"),
        (
            lambda folder: (folder / "finder.json").write_text(
                json.dumps({"backbone": "test_efficientnet", "image_size": 64, "threshold": "high"})
            ),
            "threshold",
        ),
        (
            lambda folder: (folder / "finder.json").write_text(
                json.dumps({"backbone": "tf_efficientnet_lite0", "image_size": 64, "threshold": 0.5})
            ),
            "damaged or foreign finder",
        ),
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
