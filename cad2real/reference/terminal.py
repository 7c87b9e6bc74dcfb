"""Parameters in a terminal: `cad2real params` lists all, `cad2real params KEY` says everything about one or a block."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from cad2real.errors import UserError
from cad2real.reference.comments import as_yaml
from cad2real.reference.rows import Parameter, Section, known, sections
from cad2real.schema import Block

Values = Mapping[str, Any]
"""The project's value of each parameter, by its dotted key."""
CHANGED = "*"
WIDE_VALUE, LONGEST_VALUE = 14, 24  # in the list: wider ones leave the column, longer ones are cut off
NEAREST = 4


def values_of(params: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """The value of each parameter by its dotted key, from `params`, a dump of `Params` as JSON."""
    entries = known()
    found: dict[str, Any] = {}
    for name, value in params.items():
        key = f"{prefix}{name}"
        if isinstance(entries[key], Section):
            found |= values_of(value, f"{key}.")
        else:
            found[key] = value
    return found


def dump_of(block: Block, prefix: str = "") -> dict[str, Any]:
    """`block` as JSON, with `auto` where it leaves a parameter open whose default that is."""
    entries, found = known(), block.model_dump(mode="json")
    for name in found:
        value, entry = getattr(block, name), entries[f"{prefix}{name}"]
        if isinstance(value, Block):
            found[name] = dump_of(value, f"{prefix}{name}.")
        elif isinstance(entry, Parameter) and entry.default == "auto" and name not in block.model_fields_set:
            found[name] = entry.default
    return found


def overview(values: Values, width: int | None) -> list[str]:
    """All parameters, one line each, below their blocks; lines are cut to `width` characters, None: not at all."""
    lines: list[str] = []
    for section in sections():
        lines += ["", f"{section.key}: {section.summary.removesuffix('.')}", *_rows(section.parameters, values)]
    lines += ["", f"{CHANGED} is not the default. All about a key or a block: cad2real params render.views"]
    return [line if width is None or len(line) <= width else f"{line[: width - 1].rstrip()}…" for line in lines[1:]]


def explanation(key: str, values: Values, width: int) -> list[str]:
    """Everything about the parameter or block `key`. Raises UserError that names the nearest keys where there is none.

    Of the blocks in a block only the names.
    """
    entry = known().get(key)
    if entry is None:
        raise UserError(f"There is no parameter {key!r}.", _nearest(key))
    if isinstance(entry, Parameter):
        return _parameter(entry, values, width)
    lines = [entry.key, *_paragraphs(f"{entry.summary} {entry.details}", width)]
    for parameter in entry.parameters:
        lines += ["", *_parameter(parameter, values, width)]
    inner = [section for section in sections() if section.key.rpartition(".")[0] == key]
    if inner:
        lines += ["", f"Blocks in it (cad2real params {inner[0].key}, for example):"]
        lines += [line for section in inner for line in _hanging(f"{section.key}: {section.summary}", width, 4)]
    return lines


def _rows(parameters: Sequence[Parameter], values: Values) -> list[str]:
    shown = [_cut(as_yaml(values[parameter.key])) for parameter in parameters]
    names = max((len(parameter.name) for parameter in parameters), default=0)
    widest = max((len(value) for value in shown if len(value) <= WIDE_VALUE), default=0)
    return [
        f"{CHANGED if values[parameter.key] != parameter.default else ' '} {parameter.name:{names}}  {value:{widest}}"
        f"  {parameter.summary.removesuffix('.')}"
        for parameter, value in zip(parameters, shown, strict=True)
    ]


def _cut(value: str) -> str:
    return value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 1]}…"


def _parameter(parameter: Parameter, values: Values, width: int) -> list[str]:
    value, default = values[parameter.key], as_yaml(parameter.default)
    lines = [f"{parameter.key}: {as_yaml(value)}" + (f"   (default: {default})" if value != parameter.default else "")]
    lines += _paragraphs(f"{parameter.summary} {parameter.details}", width)
    facts = {"type": parameter.type, "range": parameter.range, "unit": parameter.unit}
    lines += [line for name, fact in facts.items() if fact for line in _hanging(f"{name}: {fact}", width, 4)]
    longest = max(map(len, parameter.values), default=0)
    for word, meaning in parameter.values.items():
        lines += _hanging(f"{word:{longest}}  {meaning}".rstrip(), width, 4 + longest)
    return lines


def _paragraphs(text: str, width: int) -> list[str]:
    return [line for part in text.split("\n\n") if part for line in textwrap.wrap(part, width - 2, initial_indent="  ",
            subsequent_indent="  ", break_on_hyphens=False)]  # fmt: skip


def _hanging(text: str, width: int, indent: int) -> list[str]:
    """`text` as lines of at most `width`, the first indented by two, the others by `indent`."""
    return textwrap.wrap(text, width - 2, initial_indent="  ", subsequent_indent=" " * indent, break_on_hyphens=False)


def _nearest(key: str) -> str:
    """What may have been meant: keys that end the same way, else those that are written alike."""
    keys = list(known())
    name = key.rpartition(".")[2]
    same = [other for other in keys if other.rpartition(".")[2] == name or other.endswith(f".{key}")]
    by_name = {other: other.rpartition(".")[2] for other in keys}
    alike = difflib.get_close_matches(key, keys, NEAREST, 0.6)
    names = difflib.get_close_matches(name, dict.fromkeys(by_name.values()), NEAREST, 0.7)
    alike += [other for other in keys if by_name[other] in names]
    nearest = list(dict.fromkeys(same or alike))[:NEAREST]
    return f"Did you mean {', '.join(nearest)}?" if nearest else "All there are: cad2real params"
