"""Comments of params.yaml, made of the descriptions of the parameters and kept apart from those that people write.

A comment that begins with `#:` is ours: it is written anew, the values and all other comments stay to the letter.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from cad2real.reference.rows import Parameter, Section, known, listed

OURS = "#:"
COLUMN, LAST_COLUMN, WIDTH = 36, 44, 120
"""Where a comment starts, from where on it stands above its key instead, and how long a line may be."""
FEW = 6
"""So many words are said with their meanings, more by name only."""
TOGETHER = "\N{NO-BREAK SPACE}"  # within brackets, until lines have been broken
HEAD = """\
What is left out has its default. `cad2real params KEY` says all about a key. Comments like this one (#:) are written
anew by `cad2real params --refresh`, which leaves your own (#) alone."""


@dataclass(frozen=True)
class _Pair:
    """A key of the file: its dotted name, its nodes in the text, what its value is."""

    key: str
    name: yaml.Node
    node: yaml.Node
    value: Any

    @property
    def line(self) -> int:
        return self.name.start_mark.line

    @property
    def ends_its_line(self) -> bool:
        """Whether a comment may stand at the end of the key's line: the value ends there, or begins below."""
        if isinstance(self.node, yaml.CollectionNode) and not self.node.flow_style:
            return self.node.start_mark.line > self.line
        return self.node.end_mark.line == self.line


def commented(text: str) -> str:
    """A params.yaml with our comments beside each key that it has, unless there is a comment of somebody's own.

    Raises yaml.YAMLError where `text` is not YAML, ValueError where it is no mapping.
    """
    lines = _without_ours(text)
    bare = "\n".join(lines)
    spans = _scalars(_mapping(bare))
    entries = known()
    before: dict[int, list[str]] = {}
    after: dict[int, list[str]] = {}
    seen: set[int] = set()
    for pair in _pairs(_mapping(bare), yaml.safe_load(bare), ""):
        number, code = pair.line, lines[pair.line]
        if pair.key not in entries or number in seen:  # of several keys in one line the first
            continue
        seen.add(number)
        if _comment(lines, number, spans) is not None:
            continue
        words = comment(entries[pair.key], pair.value)
        column = max(COLUMN, len(code) + 2)
        if pair.ends_its_line and column <= LAST_COLUMN:
            first, *rest = _wrapped(words, column)
            lines[number] = f"{code:{column}}{first}"
            after[number] = [f"{'':{column}}{line}" for line in rest]
        else:
            indent = pair.name.start_mark.column
            before[number] = [f"{'':{indent}}{line}" for line in _wrapped(words, indent)]
    start = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    made = (
        lines[:start]
        + [f"{OURS} {line}" for line in HEAD.split("\n")]
        + [""] * (start < len(lines) and lines[start] != "")
    )
    for number, line in enumerate(lines[start:], start):
        made += [*before.get(number, ()), line, *after.get(number, ())]
    result = "\n".join(made)
    if yaml.safe_load(result) != yaml.safe_load(text):
        raise ValueError("its comments cannot be told from its values")
    return result


def comment(entry: Parameter | Section, value: Any) -> str:
    """What stands beside a key with this `value`: the first sentence, unit, range, a default that differs, words."""
    said = entry.summary.removesuffix(".")
    if isinstance(entry, Section):
        return said
    facts = [entry.unit, entry.range]
    if not entry.values and entry.type.startswith("one of "):
        facts.append(listed(entry.type.removeprefix("one of ").split(", ")))
    if value != entry.default:
        facts.append(f"default: {as_yaml(entry.default)}")
    if bracket := "; ".join(filter(None, facts)):
        said += f" [{bracket}]".replace(" ", TOGETHER).replace(TOGETHER, " ", 1)
    if not entry.values:
        return said
    if len(entry.values) > FEW or not any(entry.values.values()):
        return f"{said}: {listed(entry.values)}"
    return f"{said}. " + "; ".join(f"{word}: {meaning}" for word, meaning in entry.values.items())


def as_yaml(value: Any) -> str:
    """`value` on one line, as one would write it into params.yaml."""
    text = yaml.safe_dump(_short(value), default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def _short(value: Any) -> Any:
    """`value` with 1 in place of 1.0."""
    if isinstance(value, list):
        return [_short(item) for item in value]
    if isinstance(value, dict):
        return {name: _short(item) for name, item in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _mapping(text: str) -> yaml.MappingNode:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        raise ValueError("it has no keys")
    return root


def _pairs(node: yaml.MappingNode, values: Mapping[str, Any], prefix: str) -> Iterator[_Pair]:
    for name, child in node.value:
        pair = _Pair(f"{prefix}{name.value}", name, child, values.get(name.value))
        yield pair
        if isinstance(child, yaml.MappingNode) and isinstance(pair.value, dict):
            yield from _pairs(child, pair.value, f"{pair.key}.")


def _scalars(node: yaml.Node) -> list[tuple[int, int, int, int]]:
    """Line and column of the start and the end of each scalar below `node`, where a # is no comment."""
    if isinstance(node, yaml.ScalarNode):
        start, end = node.start_mark, node.end_mark
        return [(start.line, start.column, end.line, end.column)]
    children = node.value if isinstance(node, yaml.SequenceNode) else [part for pair in node.value for part in pair]
    return [span for child in children for span in _scalars(child)]


def _comment(lines: Sequence[str], number: int, spans: Sequence[tuple[int, int, int, int]]) -> int | None:
    """The column at which a comment starts in a line, None where there is none."""
    for match in re.finditer(r"(?:^|(?<=\s))#", lines[number]):
        place = (number, match.start())
        if not any(span[:2] <= place < span[2:] for span in spans):
            return match.start()
    return None


def _without_ours(text: str) -> list[str]:
    """The lines of `text` without our comments."""
    lines = text.split("\n")
    spans = _scalars(_mapping(text))
    kept = []
    for number, line in enumerate(lines):
        start = _comment(lines, number, spans)
        if start is None or not line.startswith(OURS, start):
            kept.append(line)
        elif line[:start].strip():
            kept.append(line[:start].rstrip())
    return kept


def _wrapped(words: str, column: int) -> list[str]:
    """`words` as comment lines that start at `column`."""
    room = WIDTH - column - len(OURS) - 1
    return [f"{OURS} {line}".replace(TOGETHER, " ") for line in textwrap.wrap(words, room, break_on_hyphens=False)]
