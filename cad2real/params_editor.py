"""Writes values into a params.yaml and keeps its comments, order and quotes."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cad2real.errors import UserError
from cad2real.files import atomic_file
from cad2real.params import load_params


def write_values(path: Path, values: Iterable[tuple[Sequence[str], Any]]) -> None:
    """Writes `values`, pairs of a key's steps (["train", "epochs"]) and its value, into the params.yaml at `path`, if
    it is still valid then; else raises UserError.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "params.yaml"
    ...     size = path.write_text("train: {epochs: 40}  # a night")
    ...     write_values(path, [(["train", "epochs"], 3)])
    ...     print(path.read_text(), end="")
    train: {epochs: 3}   # a night
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    editor = YAML()  # keeps comments, order and quotes
    editor.preserve_quotes = True
    editor.width = 120
    if path.is_dir():
        raise UserError(f"{path} is a folder, and has to be a file.", "Rename it.")
    try:
        content = editor.load(path.read_text(encoding="utf-8")) if path.exists() else None
    except (YAMLError, ValueError, RecursionError) as error:
        reason = str(error).partition("\n")[0]
        raise UserError(f"{path} is not valid YAML: {reason}.", "Mend it before you change it.") from None
    content = {} if content is None else content
    if not isinstance(content, dict):
        raise UserError(f"{path} holds no blocks of parameters.", "Mend it before you change it.")
    for steps, value in values:
        block = content
        for step in steps[:-1]:
            if not isinstance(block.get(step), dict):
                block[step] = {}
            block = block[step]
        _set(block, steps[-1], value)
    text = io.StringIO()
    editor.dump(content, text)
    with atomic_file(path) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8")
        try:
            load_params(temporary)
        except UserError as error:
            raise UserError(f"{error.what.replace(str(temporary), str(path))}.", "Nothing was changed.") from None


def _set(block: Any, key: str, value: Any) -> None:
    """A new key goes before the last one, to which the blank line before the next block belongs."""
    if key not in block and len(block) and hasattr(block, "insert"):
        block.insert(len(block) - 1, key, value)
    else:
        block[key] = value
