"""The decoded pictures on disk: as `np.save` would write them, whole or not at all, a few rows in memory at a time."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
import time
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cad2real.errors import UserError
from train.data import image_cache
from train.data.image_cache import Kept, Recipe, cached, decoded_batches, load_images

REPOSITORY = Path(__file__).parents[3]
COUNT, SIZE = 40, 16  # more than one task of a thread


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    folder, rng = tmp_path / "pictures", np.random.default_rng(0)
    folder.mkdir()
    paths = [folder / f"{number:02}.png" for number in range(COUNT)]
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (20, 20, 4), dtype=np.uint8)).save(path)
    return paths


def files(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if not path.name.endswith((".lock", ".sum")))


def test_the_file_is_what_numpy_would_write(pictures: list[Path], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    fresh = load_images(pictures, SIZE, "RGBA", None, "renders")
    kept = load_images(pictures, SIZE, "RGBA", cache, "renders")
    expected = io.BytesIO()
    np.save(expected, fresh.array)
    (stored,) = cache.glob("*.npy")
    assert stored.read_bytes() == expected.getvalue() and stored.name == f"renders-{SIZE}-{kept.key}.npy"
    assert kept.key == fresh.key and kept.array.flags.writeable is False
    assert not isinstance(fresh.array, np.memmap) and isinstance(kept.array, np.memmap)  # read page by page


@pytest.mark.parametrize("count", [0, 1, image_cache.ROWS_A_TASK, COUNT])
def test_any_number_of_rows(count: int, pictures: list[Path], tmp_path: Path) -> None:
    fresh = load_images(pictures[:count], SIZE, "RGB", None, "squares").array
    for _ in range(2):  # made, found
        kept = load_images(pictures[:count], SIZE, "RGB", tmp_path / "cache", "squares").array
        assert kept.shape == (count, 3, SIZE, SIZE) and np.array_equal(kept, fresh)
    batches = list(decoded_batches(pictures[:count], SIZE, "RGB", batch=7))
    assert [len(batch) for batch in batches] == [7] * (count // 7) + ([count % 7] if count % 7 else [])
    assert not count or np.array_equal(np.concatenate(batches), fresh)


def test_what_is_stale_or_was_left_by_the_dead_is_deleted(pictures: list[Path], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    load_images(pictures, SIZE, "RGB", cache, "renders")
    (cache / f".renders-{SIZE}-0123.npy.4711.tmp").write_bytes(b"a killed writer's")
    for other in (f"renders-{2 * SIZE}-1.npy", f"squares-{SIZE}-1.npy", f".squares-{SIZE}-1.npy.4711.tmp"):
        (cache / other).write_bytes(b"another's")
    kept = load_images(pictures[1:], SIZE, "RGB", cache, "renders")
    assert files(cache) == sorted([
        f"renders-{SIZE}-{kept.key}.npy", f"renders-{2 * SIZE}-1.npy", f"squares-{SIZE}-1.npy",
        f".squares-{SIZE}-1.npy.4711.tmp",
    ])  # fmt: skip


@pytest.mark.parametrize("damaged", [b"", b"\x93NUMPY", b"no array", b"\x80\x04 no pickle is read"])
def test_a_damaged_file_is_made_anew(damaged: bytes, pictures: list[Path], tmp_path: Path) -> None:
    expected = np.array(load_images(pictures, SIZE, "RGB", tmp_path, "renders").array)
    (stored,) = tmp_path.glob("*.npy")
    stored.write_bytes(damaged)
    assert np.array_equal(load_images(pictures, SIZE, "RGB", tmp_path, "renders").array, expected)


def test_a_picture_that_cannot_be_read_is_named_and_leaves_nothing(pictures: list[Path], tmp_path: Path) -> None:
    pictures[17].write_bytes(b"\x89PNG broken")
    cache = tmp_path / "cache"
    with pytest.raises(UserError, match=r"17\.png cannot be read as a picture"):
        load_images(pictures, SIZE, "RGB", cache, "renders")
    assert files(cache) == []
    with pytest.raises(UserError, match=r"17\.png"):
        list(decoded_batches(pictures, SIZE, "RGB", batch=7))


def test_a_full_disk_is_known_before_and_named_after(
    pictures: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, usage = tmp_path / "cache", namedtuple("usage", "total used free")
    need = COUNT * 3 * SIZE**2
    monkeypatch.setattr(image_cache.shutil, "disk_usage", lambda folder: usage(0, 0, need - 1))
    monkeypatch.setattr(image_cache, "_decode", lambda *_: pytest.fail("decoded in vain"))
    with pytest.raises(UserError, match=r"needs 0.03 MB in .*cache, but only 0.03 MB are free there. Make room"):
        load_images(pictures, SIZE, "RGB", cache, "renders")
    monkeypatch.undo()

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(image_cache.os, "pwrite", full)
    with pytest.raises(UserError, match=r"cannot take 0.03 MB \(No space left on device\)"):
        load_images(pictures, SIZE, "RGB", cache, "renders")
    assert files(cache) == []


def test_two_at_a_time_make_it_once(pictures: list[Path], tmp_path: Path) -> None:
    made: list[int] = []

    def row(number: int) -> np.ndarray:
        made.append(number)
        time.sleep(0.002)
        return np.full((3,), number, dtype=np.uint8)

    recipe = Recipe("rows", pictures, "", (3,), np.uint8, row)
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda _: cached(tmp_path, "rows", recipe), range(2))
    assert sorted(made) == list(range(COUNT)) and np.array_equal(one.array, other.array)


def test_writes_that_end_early_go_on(pictures: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh, pwrite = load_images(pictures, SIZE, "RGB", None, "renders").array, os.pwrite
    monkeypatch.setattr(image_cache.os, "pwrite", lambda fd, data, place: pwrite(fd, data[:100], place))
    assert np.array_equal(load_images(pictures, SIZE, "RGB", tmp_path, "renders").array, fresh)


SLOW = """
import sys, time
from pathlib import Path
import numpy as np
from train.data.image_cache import Recipe, cached
paths = sorted(Path(sys.argv[1]).glob("*.png"))
def row(number):
    time.sleep(0.2)
    return np.full((1000,), number, dtype=np.uint8)
cached(Path(sys.argv[2]), "rows", Recipe("rows", paths, "", (1000,), np.uint8, row))
"""


def test_killed_while_it_writes(pictures: list[Path], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    words = [sys.executable, "-c", SLOW, str(pictures[0].parent), str(cache)]
    writer = subprocess.Popen(words, cwd=REPOSITORY, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not list(cache.glob(".rows-*.tmp")):
        assert time.monotonic() < deadline and writer.poll() is None
        time.sleep(0.01)
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    assert len(files(cache)) == 1 and not list(cache.glob("rows-*.npy"))
    kept: Kept = cached(cache, "rows", Recipe("rows", pictures, "", (1,), np.uint8, lambda row: np.uint8([row])))
    assert kept.array.flatten().tolist() == list(range(COUNT)) and files(cache) == [f"rows-{kept.key}.npy"]
