"""Photos of the user's folder stand behind renders; one that is bad is named and left out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError

from cad2real.errors import UserError
from cad2real.layout import Layout
from tests.train.conftest import SMALL
from train.augment_params import BackgroundParams
from train.data import backgrounds
from train.data.backgrounds import read_backgrounds
from train.data.behind_parts import Background
from train.stages import adapt, probe

SIZE = 48
ONLY_PHOTOS = BackgroundParams(colour=0.0, gradient=0.0, target=0.0, photos=1.0, folder="benches")


@pytest.fixture
def benches(tmp_path: Path) -> Path:
    folder = tmp_path / "benches"
    (folder / "hall").mkdir(parents=True)
    Image.new("RGB", (200, 90), (204, 51, 0)).save(folder / "red.png")
    Image.new("RGB", (90, 200), (204, 51, 0)).save(folder / "hall" / "red.jpg", quality=95)
    return folder


def test_photos_are_read_and_bad_ones_named(benches: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (benches / "torn.jpg").write_bytes((benches / "hall" / "red.jpg").read_bytes()[:300])
    (benches / "notes.txt").write_text("no photo")
    Image.new("RGB", (5, 5)).save(benches / "tiny.png")
    first = read_backgrounds(benches, SIZE, tmp_path / "cache")
    assert first.images.shape == (2, 3, SIZE, SIZE)
    assert np.abs(first.images.mean((0, 2, 3)) - (204, 51, 0)).max() < 3
    assert {Path(skipped.thing).name for skipped in first.skipped} == {"torn.jpg", "tiny.png"}
    assert "torn.jpg cannot be read" in capsys.readouterr().err
    again = read_backgrounds(benches, SIZE, tmp_path / "cache")  # from the cache
    assert isinstance(again.images, np.memmap) and again.skipped == first.skipped
    assert np.array_equal(again.images, first.images)
    (benches / "torn.jpg").unlink()
    assert len(read_backgrounds(benches, SIZE, tmp_path / "cache").skipped) == 1
    assert len(list((tmp_path / "cache").iterdir())) == 4, "older ones are swept"


def test_huge_photos_are_refused_before_they_are_decoded(
    benches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backgrounds, "MOST_PIXELS", 190 * 90)
    Image.new("RGB", (60, 60)).save(benches / "usable.png")
    found = read_backgrounds(benches, SIZE, tmp_path / "cache")
    assert len(found.images) == 1 and "megapixels" in found.skipped[0].reason


def test_a_folder_without_photos_is_a_mistake_and_none_is_none(tmp_path: Path) -> None:
    assert len(read_backgrounds(None, SIZE, tmp_path).images) == 0
    with pytest.raises(UserError, match="is no folder"):
        read_backgrounds(tmp_path / "missing", SIZE, tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no photo that can be used"):
        read_backgrounds(tmp_path / "empty", SIZE, tmp_path)


def test_pieces_of_photos_stand_behind_parts() -> None:
    rng = torch.Generator().manual_seed(0)
    background_photos = np.zeros((2, 3, SIZE, SIZE), dtype=np.uint8)
    background_photos[0, 0], background_photos[1, 2] = 255, 255
    behind = Background.draw(16, ONLY_PHOTOS, None, rng, background_photos)(32)
    red = behind.mean((2, 3))[:, 0]
    assert ((red - red.round()).abs() < 1e-5).all() and 0 < red.sum() < 16, "each from one photo, both are used"


def test_without_photos_nothing_is_drawn_otherwise() -> None:
    """The same random numbers, with the share of photos that are not there as without."""
    views = [
        Background.draw(8, params, None, torch.Generator().manual_seed(0), np.zeros((0, 3, 1, 1), np.uint8))(32)
        for params in (BackgroundParams(), BackgroundParams(photos=0.0))
    ]
    assert torch.equal(*views)


def test_a_share_without_a_folder_draws_nothing_and_is_refused_alone() -> None:
    with pytest.raises(ValidationError, match="at least one share"):
        BackgroundParams(colour=0.0, gradient=0.0, target=0.0)


def test_stages_train_on_them_and_say_what_was_skipped(project: Layout, benches: Path) -> None:
    (benches / "torn.jpg").write_bytes(b"torn")
    plain = SMALL.model_copy(update={"epochs": 1})
    dressed = plain.model_copy(update={"background": ONLY_PHOTOS})
    weights = []
    for params in (plain, dressed):
        probe.run(project, params)
        adapt.run(project, params)
        weights.append((project.models / "adapt" / "model.safetensors").read_bytes())
    assert weights[0] != weights[1]
    said = json.loads((project.models / "adapt" / "model.json").read_text())
    assert [Path(skipped["thing"]).name for skipped in said["skipped"]] == ["torn.jpg"]
