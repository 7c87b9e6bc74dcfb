"""What `cad2real params` does in a project folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cad2real.errors import UserError
from cad2real.files import write_text
from cad2real.layout import Layout
from cad2real.params import Params, load_params
from cad2real.reference.json_schema import editor_schema
from cad2real.reference.terminal import dump_of, explanation, overview, values_of

PAGE_WIDTH = 100  # of text where there is no terminal, and at most


def said(root: Path, key: str | None, width: int | None) -> list[str]:
    """Lines about all parameters, or about `key`, with the values of the project at `root`; `width` of the terminal,
    None where there is none. A params.yaml that cannot be read is named on standard error: then defaults are shown.

    Raises UserError where there is no such key.
    """
    path = Layout(root).params
    try:
        params = load_params(path)
    except UserError as error:
        print(f"{error.what}\nDefaults are shown in place of its values.", file=sys.stderr)
        params = Params()
    values = values_of(dump_of(params))
    if key is not None:
        return explanation(key, values, min(width or PAGE_WIDTH, PAGE_WIDTH))
    where = f"Values of {path}" if path.is_file() else "There is no params.yaml here: defaults"
    return [f"{where}.", "", *overview(values, width)]


def write_schema(path: Path | None) -> None:
    """Writes the JSON Schema to `path` and says how an editor finds it, or prints it."""
    text = json.dumps(editor_schema(), indent=1, ensure_ascii=False) + "\n"
    if path is None:
        print(text, end="")
        return
    if path.suffix != ".json":
        raise UserError(f"{path} does not end in .json.", "For example: cad2real params --schema params.schema.json")
    write_text(path, text)
    print(f"wrote {path}. As the first line of params.yaml this tells editors (VS Code with its YAML extension, ...):")
    print(f"# yaml-language-server: $schema={path.as_posix()}")


def refresh(root: Path) -> None:
    """Writes the comments that are ours anew in the project's params.yaml. Raises UserError where it is not there, or
    is not YAML.
    """
    import yaml

    from cad2real.reference.comments import commented

    path = Layout(root).params
    if not path.is_file():
        raise UserError(f"There is no {path} here.", "Change to a project's folder, or make one: cad2real init DIR")
    try:
        before = path.read_text(encoding="utf-8")
        after = commented(before)
    except (yaml.YAMLError, ValueError) as error:
        raise UserError(f"{path}: {' '.join(str(error).split())}", "Nothing was changed.") from None
    if after == before:
        print(f"the comments of {path} are as they should be.")
        return
    write_text(path, after)
    print(f"wrote the comments of {path}.")
