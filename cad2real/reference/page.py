"""Writes all that repeats what the schemas say: `python -m cad2real.reference --write`.

These are the comments of the repository's params.yaml files and docs/reference/parameters.md. Without --write it says
which of them are not as they should be. A test does the same, so run it after every change of a `params.py`.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

from cad2real.files import write_text
from cad2real.reference.comments import as_yaml, commented
from cad2real.reference.rows import Parameter, Section, sections

REPOSITORY = Path(__file__).parents[2]
PAGE = Path("docs/reference/parameters.md")
WIDTH = 120
INTRODUCTION = """\
# Parameters

Every key of `params.yaml`, by block. What is left out has its default; unknown keys and wrong values are refused with
the key's name. In a terminal `cad2real params` lists all with the project's values, `cad2real params KEY` says what
stands here about one. `cad2real run --set KEY=VALUE` changes one and keeps the comments.
`cad2real params --schema FILE` writes a JSON Schema with which editors complete and check the file.

This page is made of the schemas by `python -m cad2real.reference --write`."""


def page() -> str:
    """The reference of all parameters in Markdown."""
    parts = [INTRODUCTION]
    for section in sections():
        parts += [f"## {section.key}", *_paragraphs(section)]
        parts += [text for parameter in section.parameters for text in (f"### {parameter.key}", *_about(parameter))]
    return "\n\n".join(parts) + "\n"


def params_files(repository: Path) -> list[Path]:
    """The files with parameters whose comments are ours; recipes of papers say what they deviate in and are not."""
    found = [repository / "params.yaml", *(repository / "flows").rglob("*params.yaml")]
    return sorted(found)


def made(repository: Path) -> dict[Path, str]:
    """What each generated file has to hold."""
    files = {path: commented(path.read_text(encoding="utf-8")) for path in params_files(repository)}
    return {**files, repository / PAGE: page()}


def main(arguments: list[str]) -> int:
    """Returns the exit code."""
    if arguments not in ([], ["--write"]):
        print("usage: python -m cad2real.reference [--write]", file=sys.stderr)
        return 2
    stale = {
        path: text
        for path, text in made(REPOSITORY).items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    }
    for path, text in stale.items():
        if arguments:
            write_text(path, text)
        print(f"{'wrote' if arguments else 'not as the schemas say:'} {path.relative_to(REPOSITORY)}")
    return int(bool(stale) and not arguments)


def _about(parameter: Parameter) -> list[str]:
    facts = [f"- Default: `{as_yaml(parameter.default)}`"]
    facts += [f"- Type: {parameter.type}"]
    facts += [f"- Range: {parameter.range}"] if parameter.range else []
    facts += [f"- Unit: {parameter.unit}"] if parameter.unit else []
    facts += [f"- `{word}`{f': {meaning}' if meaning else ''}" for word, meaning in parameter.values.items()]
    return [*_paragraphs(parameter), "\n".join(textwrap.fill(fact, WIDTH, subsequent_indent="  ") for fact in facts)]


def _paragraphs(entry: Parameter | Section) -> list[str]:
    text = f"{entry.summary} {entry.details}".strip()
    return [textwrap.fill(part, WIDTH, break_on_hyphens=False, break_long_words=False) for part in text.split("\n\n")]
