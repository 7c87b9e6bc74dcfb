"""Every parameter of params.yaml with all that is to be said of it, by one walk over the schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cad2real.reference.json_schema import Schema, params_schema
from cad2real.schema import UNIT, VALUES

TYPES = {"integer": "whole number", "number": "number", "string": "text", "boolean": "true or false", "null": "null"}


@dataclass(frozen=True)
class Parameter:
    """A key that has a value. `key` is dotted ("train.adapt.score"), `type` and `range` (of its numbers; empty: any)
    are in words, `values` has each allowed word with its meaning (empty where it speaks for itself). `summary` is the
    first sentence of its description, `details` the rest.
    """

    key: str
    type: str
    default: Any
    range: str
    unit: str
    values: Mapping[str, str]
    summary: str
    details: str

    @property
    def name(self) -> str:
        return self.key.rpartition(".")[2]


@dataclass(frozen=True)
class Section:
    """A block: its dotted key, its description as of a parameter, and the parameters in it but not those of the blocks
    in it, which are sections of their own.
    """

    key: str
    summary: str
    details: str
    parameters: tuple[Parameter, ...]


@cache
def sections() -> tuple[Section, ...]:
    """All blocks in the order of the schema, each before the blocks in it."""
    return tuple(_sections(params_schema(), ""))[1:]


def known() -> dict[str, Parameter | Section]:
    """Everything that has a key, by it.

    >>> fill = known()["render.fill"]
    >>> fill.default, fill.range
    (0.85, 'above 0.05, at most 0.98')
    """
    found: dict[str, Parameter | Section] = {}
    for section in sections():
        found[section.key] = section
        found |= {parameter.key: parameter for parameter in section.parameters}
    return found


def first_sentence(text: str) -> tuple[str, str]:
    """The first sentence of a docstring without its line breaks, and the rest with its paragraphs."""
    start, _, rest = text.partition("\n\n")
    line = " ".join(start.split())
    summary, stop, more = line.partition(". ")
    paragraphs = [more] if stop else []
    paragraphs += [" ".join(paragraph.split()) for paragraph in rest.split("\n\n") if paragraph.strip()]
    return summary.removesuffix(".") + ".", "\n\n".join(paragraphs)


def listed(words: Iterable[str]) -> str:
    """`words` as in "a, b or c".

    >>> listed(["mm", "cm", "m"])
    'mm, cm or m'
    """
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def _sections(block: Schema, key: str) -> Iterable[Section]:
    parameters, inner = [], []
    for name, child in block["properties"].items():
        path = f"{key}.{name}".lstrip(".")
        if "properties" in child:
            inner += list(_sections(child, path))
        else:
            parameters.append(_parameter(path, child))
    yield Section(key, *first_sentence(block.get("description", "")), tuple(parameters))
    yield from inner


def _parameter(key: str, field: Schema) -> Parameter:
    return Parameter(
        key,
        _type(field, bool(field.get(VALUES))),
        field["default"],
        _range(field),
        field.get(UNIT, ""),
        field.get(VALUES, {}),
        *first_sentence(field.get("description", "")),
    )


def _type(field: Schema, is_explained: bool) -> str:
    """The type of `field` in words; with `is_explained` its words are said elsewhere, each with its meaning."""
    if "anyOf" in field:
        return " or ".join(_type(child, is_explained) for child in field["anyOf"])
    if "const" in field:
        return str(field["const"])
    if field.get("type") == "string" and "enum" in field and is_explained:
        return "one of these words"
    if "enum" in field:
        return f"one of {', '.join(str(value) for value in field['enum'])}"
    if "prefixItems" in field:
        return f"[{', '.join(_type(child, is_explained) for child in field['prefixItems'])}]"
    if field["type"] == "array":
        return f"list of {_type(field['items'], is_explained).removeprefix('one of ')}"
    if field["type"] == "object":
        return f"{{{'word' if is_explained else 'text'}: {_type(field['additionalProperties'], is_explained)}}}"
    return TYPES[field["type"]]


def _range(field: Schema) -> str:
    """The numbers that `field`, or each number in it, may be."""
    inner = [*field.get("anyOf", ()), *field.get("prefixItems", ())]
    inner += [field["additionalProperties"]] if isinstance(field.get("additionalProperties"), dict) else []
    if inner:
        return next(filter(None, map(_range, inner)), "")
    low, above = field.get("minimum"), field.get("exclusiveMinimum")
    high, below = field.get("maximum"), field.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f"{low:g} to {high:g}" if max(abs(low), abs(high)) < 1e5 else f"{low} to {high}"
    lower = [f"at least {low:g}"] if low is not None else [f"above {above:g}"] if above is not None else []
    upper = [f"at most {high:g}"] if high is not None else [f"below {below:g}"] if below is not None else []
    return ", ".join(lower + upper)
