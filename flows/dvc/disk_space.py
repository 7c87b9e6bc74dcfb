"""Whether the disks have room for what a run will write, checked before it starts instead of failing in the middle."""

from __future__ import annotations

import configparser
import fcntl
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from cad2real.errors import UserError
from cad2real.layout import Layout
from cad2real.params import Params
from flows.dvc.disk_needs import estimate_disk_needs

_FICLONE = 0x40049409
"""The request with which Linux shares a file's blocks instead of copying them (btrfs, XFS)."""


def check_disk_space(root: Path, params: Params, stages: Collection[str]) -> None:
    """Raises UserError, with size, folder and remedy, when a disk has no room for what `stages` will write."""
    data = Layout(root).data
    cache, copies = dvc_cache(root)
    shares = not copies or _blocks_are_shared(data, cache)
    sizes: dict[int, float] = defaultdict(float)
    items: dict[int, list[str]] = defaultdict(list)
    folders: dict[int, Path] = {}
    for need in estimate_disk_needs(root, params, stages):
        places = [(data, need.what)]
        if need.versioned and not shares:
            places.append((cache, f"{need.what} in DVC's cache"))
        for place, what in places:
            folder = _existing(place)
            disk = folder.stat().st_dev
            folders.setdefault(disk, folder)
            sizes[disk] += need.bytes
            items[disk].append(f"{what} {_size(need.bytes)}")
    for disk, size in sizes.items():
        free = shutil.disk_usage(folders[disk]).free
        if free < size:
            raise UserError(
                f"This run may need {_size(size)} more in {folders[disk].resolve()}, but only {_size(free)} are free "
                f"there ({', '.join(items[disk])}).",
                "Make room (`dvc gc --workspace` drops results of older runs), or render fewer or smaller views.",
            )


def dvc_cache(root: Path) -> tuple[Path, bool]:
    """Where DVC's cache of this project is, and whether what is added to it is copied (not linked)."""
    settings = configparser.ConfigParser(strict=False, interpolation=None, allow_no_value=True)
    with suppress(configparser.Error, UnicodeDecodeError):
        settings.read([root / ".dvc" / "config", root / ".dvc" / "config.local"], encoding="utf-8")
    folder = root / ".dvc" / settings.get("cache", "dir", fallback="cache").strip("'\"")
    links = settings.get("cache", "type", fallback="").strip("'\" ").split(",")[0].strip()
    return folder, links not in ("hardlink", "symlink")


def _blocks_are_shared(data: Path, cache: Path) -> bool:
    """Whether a copy from one folder to the other takes no room, which DVC then makes use of."""
    one, other = _existing(data), _existing(cache)
    if one.stat().st_dev != other.stat().st_dev:
        return False
    try:
        with tempfile.TemporaryFile(dir=one) as source, tempfile.TemporaryFile(dir=other) as target:
            source.write(b"blocks")
            source.flush()
            fcntl.ioctl(target.fileno(), _FICLONE, source.fileno())
    except OSError:
        return False
    return True


def _existing(folder: Path) -> Path:
    """`folder`, or the nearest folder above that exists."""
    folder = folder.resolve()
    return next(place for place in (folder, *folder.parents) if place.is_dir())


def _size(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
