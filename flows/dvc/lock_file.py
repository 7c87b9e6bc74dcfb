"""dvc.lock: what DVC says the last run read and wrote, stage by stage. It may be damaged, as any file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from cad2real.errors import DamagedFileError

FILE = "dvc.lock"


def read_lock(path: Path) -> dict[str, dict[str, Any]]:
    """The stages of the dvc.lock at `path`, each a mapping whose `outs` and `deps` are lists of items with a `path`;
    none where there is no file. Raises DamagedFileError.
    """
    if not path.exists():
        return {}
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        stages: dict[str, dict[str, Any]] = content.get("stages", {})
        for name, stage in stages.items():
            items = [*stage.get("outs", []), *stage.get("deps", [])]
            if not all(isinstance(item.get("path"), str) for item in items):
                raise ValueError(f"an item of {name} has no path")
            if not all(isinstance(values, dict) for values in stage.get("params", {}).values()):
                raise ValueError(f"the parameters of {name} are none")
    except (yaml.YAMLError, ValueError, AttributeError, TypeError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DamagedFileError(
            f"{path} is damaged: {reason}.", "Bring back a version: cad2real checkout latest --force"
        ) from None
    return stages


def locked_hashes(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """The hashes of all outputs and of all dependencies in the dvc.lock at `path`, by path. Raises DamagedFileError."""
    stages = read_lock(path).values()
    outs, deps = (
        {item["path"]: str(item["md5"]) for stage in stages for item in stage.get(kind, []) if "md5" in item}
        for kind in ("outs", "deps")
    )
    return outs, deps
