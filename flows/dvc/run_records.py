"""What DVC remembers of earlier runs (.dvc/cache/runs): with these inputs a stage wrote these outputs. Each record is
named after a hash of its content, which DVC itself does not compare.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from flows.dvc.lock_file import yaml_as_dvc_reads

_FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
LEFT_OUT = ("size", "nfiles")  # of DVC's hash


def damaged_records(root: Path) -> Iterator[Path]:
    """The records of the project at `root` that are not what DVC wrote."""
    for path in sorted(_folder(root).glob("??/*/*")):
        if path.is_file() and path.suffix != ".tmp" and not _is_whole(path):
            yield path


def forget_damaged(root: Path) -> list[Path]:
    """Deletes damaged records, and folders of records that hold none, of which DVC dies; returns the records. The stage
    runs where one would have brought back its outputs.
    """
    damaged = list(damaged_records(root))
    for path in damaged:
        path.unlink(missing_ok=True)
    for folder in _folder(root).glob("??/*"):
        with contextlib.suppress(OSError):
            folder.rmdir()  # only where it is empty
    return damaged


def _folder(root: Path) -> Path:
    return root / ".dvc" / "cache" / "runs"


def _is_whole(path: Path) -> bool:
    try:  # far quicker, and other than DVC's reading in few values only, such as 1e-4
        if _name(yaml.load(path.read_bytes(), Loader=_FAST)) == path.name:  # noqa: S506 - a safe one
            return True
    except (OSError, ValueError, TypeError, AttributeError, RecursionError, yaml.YAMLError):
        pass
    return _name(yaml_as_dvc_reads(path)) == path.name


def _name(content: Any) -> str:
    return hashlib.sha256(json.dumps(_hashed(content), sort_keys=True, default=str).encode()).hexdigest()


def _hashed(value: Any) -> Any:
    if isinstance(value, list):
        return [_hashed(item) for item in value]
    if isinstance(value, dict):
        return {key: _hashed(item) for key, item in value.items() if key not in LEFT_OUT}
    return value
