"""Changes single values of params.yaml from the command line and keeps its comments."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cad2real.errors import UserError
from cad2real.params_editor import write_values
from cad2real.plain_yaml import plain_yaml


def parse_assignments(assignments: Sequence[str]) -> list[tuple[list[str], Any]]:
    """`train.epochs=3` becomes (["train", "epochs"], 3); the value is YAML. Raises UserError.

    >>> parse_assignments(["train.epochs=3", "render.sampler={resting: 1.0}"])
    [(['train', 'epochs'], 3), (['render', 'sampler'], {'resting': 1.0})]
    """
    parsed = []
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        steps = key.strip().split(".")
        if not equals or not all(steps):
            raise UserError(f"--set {assignment!r} is not KEY=VALUE.", "For example: --set train.epochs=3")
        try:
            parsed.append((steps, plain_yaml(value)))
        except ValueError as error:
            given = assignment if len(assignment) <= 100 else f"{assignment[:100]}..."
            reason = str(error).splitlines()[0]
            raise UserError(f"--set {given!r}: the value is not usable ({reason}).", "Quote text.") from None
    return parsed


def change_params(path: Path, assignments: Sequence[str]) -> None:
    """Writes the assignments into the params.yaml at `path`, if it is still valid then; else raises UserError.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "params.yaml"
    ...     size = path.write_text("train: {epochs: 40}  # a night")
    ...     change_params(path, ["train.epochs=3"])
    ...     print(path.read_text(), end="")
    train: {epochs: 3}   # a night
    """
    write_values(path, parse_assignments(assignments))
