"""YAML as text, numbers, lists and mappings, whoever wrote it: what is more or endless is an error as any other."""

from __future__ import annotations

import json
from typing import Any

MOST_VALUES = 100_000
"""With what aliases repeat: a few lines of them can stand for more than any memory holds."""
MOST_BRACKETS = 5_000
"""Opened ones: the reader looks for the end of each a thousand letters ahead, which is a minute for all that a command
line may hold.
"""


def plain_yaml(text: str) -> Any:
    """The value of `text`, which JSON can hold too. Raises ValueError for whatever is none."""
    import yaml

    if text.count("[") + text.count("{") > MOST_BRACKETS:
        raise ValueError(f"it opens more than {MOST_BRACKETS:,} brackets")
    try:
        value = yaml.safe_load(text)
        if _count(value, {}) > MOST_VALUES:
            raise ValueError(f"it holds more than {MOST_VALUES:,} values")
        json.dumps(value)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except (yaml.YAMLError, TypeError) as error:  # a TypeError: dates, sets, bytes
        raise ValueError(str(error)) from None
    return value


def _count(value: Any, known: dict[int, int]) -> int:
    """How many values are in `value`, those in a part that is there twice counted twice. A part that holds itself
    counts once; JSON refuses it.
    """
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        known[id(value)] = 1
        inside = value.values() if isinstance(value, dict) else value
        known[id(value)] += sum(_count(item, known) for item in inside)
    return known[id(value)]
