"""What a cache holds and what is made anew: the same bytes.

Here the pictures that train, the sizes measured in photos, background photos and squares. Kept elsewhere: frozen
features (tests/train/stages/test_frozen_features.py), sizes of CAD (tests/render/parts/test_size_cache.py), renders and
their hashes (tests/render/farm).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cad2real.layout import Layout
from photos.stage import make_squares
from tests.congruence.small_model import photos
from tests.train.conftest import write_renders
from train.data import backgrounds, datasets, image_cache
from train.data.backgrounds import read_backgrounds
from train.data.datasets import read_source, read_target

SIZE = 32


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    folder = tmp_path / "shots"
    folder.mkdir()
    for number, picture in enumerate(photos(4)):
        picture.save(folder / f"{number}.jpg", quality=95)
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache"


def nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on a picture that is decoded or measured again is an error."""

    def made(*_: object) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr(image_cache, "_decode", made)
    monkeypatch.setattr(datasets, "_measure", made)
    monkeypatch.setattr(backgrounds, "_decoded", made)


def test_renders(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_renders(tmp_path / "renders", views=2)
    fresh = read_source(tmp_path / "renders", SIZE, 0.2, None).images
    assert np.array_equal(read_source(tmp_path / "renders", SIZE, 0.2, cache).images, fresh)
    nothing_is_made(monkeypatch)
    assert np.array_equal(read_source(tmp_path / "renders", SIZE, 0.2, cache).images, fresh)


def test_photos_and_the_sizes_measured_in_them(
    tmp_path: Path, shots: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    squares = Layout(tmp_path).squares
    make_squares(shots, None, "shift", 48, squares)
    fresh = read_target(squares, SIZE, None)
    assert np.isfinite(fresh.extents).any()
    for is_stored in (False, True):
        if is_stored:
            nothing_is_made(monkeypatch)
        stored = read_target(squares, SIZE, cache)
        assert np.array_equal(stored.images, fresh.images) and stored.squares == fresh.squares
        assert stored.extents.tobytes() == fresh.extents.tobytes()  # NaN too


def test_background_photos(shots: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shots / "damaged.jpg").write_bytes(b"\xff\xd8\xff")
    fresh = read_backgrounds(shots, SIZE, cache)
    nothing_is_made(monkeypatch)
    stored = read_backgrounds(shots, SIZE, cache)
    assert np.array_equal(stored.images, fresh.images) and len(fresh.images) == 4
    assert stored.skipped == fresh.skipped and len(fresh.skipped) == 1


def test_squares(tmp_path: Path, shots: Path) -> None:
    """Squares of an earlier run that stay, beside one that is new, and all of them made at once."""
    grown, fresh = tmp_path / "grown", tmp_path / "fresh"
    make_squares(shots, None, "shift", SIZE, grown)
    Image.new("RGB", (50, 40), "red").save(shots / "4.jpg")
    assert make_squares(shots, None, "shift", SIZE, grown).reused == 4
    assert make_squares(shots, None, "shift", SIZE, fresh).reused == 0
    files = [{path.name: path.read_bytes() for path in folder.iterdir()} for folder in (grown, fresh)]
    beside = {"photos.csv", "labels.json", "skipped.json", "duplicates.json"}
    assert files[0] == files[1] and len(files[0]) == 5 + len(beside) and beside < files[0].keys()
