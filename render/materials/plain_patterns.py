"""Which patterns of a vocabulary that lies beside a stranger's part list are tried: those that come to an end soon."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from re import _constants, _parser  # type: ignore[attr-defined]  # the only parser of Python's own patterns
from typing import Any

from cad2real.errors import UserError

MOST_LETTERS, MOST_REPEATS = 300, 4
"""Letters of a pattern, and parts of it that may be repeated without an end: each makes the wait so many times longer
as the text has letters.
"""
_REPEATS = {_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT}
_REMEMBERED = {_constants.GROUPREF, _constants.GROUPREF_EXISTS}


def check_patterns(path: Path, patterns: Iterable[str]) -> None:
    """Raises UserError for the first of `patterns`, those of the file `path`, that is not tried."""
    for pattern in patterns:
        try:
            fault = pattern_fault(pattern)
        except (OverflowError, RecursionError):
            fault = "it is too large"
        if fault:
            raise UserError(f"{path}: the pattern {pattern[:80]!r} is not tried: {fault}.", "Write it plainer.")


def pattern_fault(pattern: str) -> str:
    """Why `pattern` is not tried; empty where it is. Raises re.error where it is none.

    >>> pattern_fault("hq-[0-9]+"), pattern_fault("(a+)+$")
    ('', 'it repeats what repeats or has alternatives, which may take for ever')
    """
    if len(pattern) > MOST_LETTERS:
        return f"it has more than {MOST_LETTERS} letters"
    repeats = [step for step in _steps(_parser.parse(pattern)) if step[0] in _REPEATS]
    if any(step[0] in _REMEMBERED for step in _steps(_parser.parse(pattern))):
        return "it refers to a group"
    for _, (_, most, repeated) in repeats:
        inner = list(_steps(repeated))
        if most > 1 and any(step[0] in _REPEATS or step[0] == _constants.BRANCH for step in inner):
            return "it repeats what repeats or has alternatives, which may take for ever"
    if sum(1 for _, (_, most, _) in repeats if most > 1) > MOST_REPEATS:
        return f"it has more than {MOST_REPEATS} repeats"
    return ""


def _steps(parsed: Any) -> Iterable[tuple[Any, Any]]:
    """All steps of a parsed pattern, those within groups too."""
    for step in parsed:
        yield step
        yield from _within(step[1])


def _within(argument: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(argument, _parser.SubPattern):
        yield from _steps(argument)
    elif isinstance(argument, tuple | list):
        for item in argument:
            yield from _within(item)
