"""Published recipes as `train` blocks of params.yaml, one file each, with what was changed and why."""

from __future__ import annotations

from pathlib import Path

from cad2real.errors import UserError

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """All presets, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def text(name: str) -> str:
    """The yaml of a preset, with its comments. Raises UserError when there is none of that name."""
    if name not in names():
        raise UserError(f"There is no preset {name!r}.", f"Choose from {', '.join(names())}.")
    return (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")


def title(name: str) -> str:
    """What a preset is, in a line: its first comment."""
    return text(name).splitlines()[0].removeprefix("# ")
