"""dvc.lock: what DVC says the last run read and wrote, stage by stage. It may be damaged, as any file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

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
        return checked_stages(content.get("stages", {}))
    except (yaml.YAMLError, ValueError, AttributeError, TypeError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DamagedFileError(
            f"{path} is damaged: {reason}.", "Bring back a version: cad2real checkout latest --force"
        ) from None


def checked_stages(stages: Any) -> dict[str, dict[str, Any]]:
    """`stages`, which are stages as `read_lock` returns them. Raises ValueError, AttributeError or TypeError."""
    for name, stage in stages.items():
        items = [*stage.get("outs", []), *stage.get("deps", [])]
        if not all(isinstance(item.get("path"), str) for item in items):
            raise ValueError(f"an item of {name} has no path")
        if not all(isinstance(values, dict) for values in stage.get("params", {}).values()):
            raise ValueError(f"the parameters of {name} are none")
    checked: dict[str, dict[str, Any]] = stages
    return checked


def yaml_as_dvc_reads(path: Path) -> Any:
    """The content of a YAML file by the rules of YAML 1.2, as DVC reads it; None where it cannot be read."""
    try:
        return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, YAMLError, RecursionError):
        return None


def locked_hashes(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """The hashes of all outputs and of all dependencies in the dvc.lock at `path`, by path. Raises DamagedFileError."""
    stages = read_lock(path).values()
    outs, deps = (
        {item["path"]: str(item["md5"]) for stage in stages for item in stage.get(kind, []) if "md5" in item}
        for kind in ("outs", "deps")
    )
    return outs, deps
