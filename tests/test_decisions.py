"""docs/decisions.md names every number of train/ and photos/finder/ in a constant, so that no rule can hide."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PAGE = (REPOSITORY / "docs" / "decisions.md").read_text(encoding="utf-8")
APART = ("compute", "presets")
"""Sub-packages whose numbers decide no classifier."""
ORACLES = {"parity.py", "parity_values.py", "parity_selection.py"}
"""Comparisons with other libraries; nothing trains by them."""
WORDS = {
    "REASONS",
    "RENDERS",
    "PHOTOS",
    "STEPS",
    "MINUTES",
    "OPERATIONS",
    "EMBEDDED_WEIGHTS",
    "NO_PHOTOS",
    "CHANNELS",
} | {
    "COLOUR",
    "GRADIENT",
    "CORNER",
}
"""Names that stand for no quantity."""


def has_number(value: ast.expr) -> bool:
    return any(isinstance(node, ast.Constant) and type(node.value) in (int, float) for node in ast.walk(value))


def constants() -> Iterator[tuple[str, str]]:
    for path in sorted([*(REPOSITORY / "train").rglob("*.py"), *(REPOSITORY / "photos" / "finder").glob("*.py")]):
        if path.name in ORACLES or path.relative_to(REPOSITORY).parts[1] in APART:
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            targets = (
                node.targets
                if isinstance(node, ast.Assign)
                else [node.target]
                if isinstance(node, ast.AnnAssign)
                else []
            )
            if not targets or node.value is None or not has_number(node.value):  # type: ignore[attr-defined]
                continue
            for name in ast.walk(targets[0]):
                if isinstance(name, ast.Name) and name.id.isupper() and name.id not in WORDS:
                    yield path.name, name.id


@pytest.mark.parametrize(("file", "name"), sorted(set(constants())))
def test_every_number_stands_on_the_page(file: str, name: str) -> None:
    assert re.search(rf"`{name}`", PAGE), f"docs/decisions.md says nothing of {name} in {file}"


def test_the_page_names_no_number_that_is_gone() -> None:
    known = {name for _, name in constants()}
    named = set(re.findall(r"`(_?[A-Z][A-Z_]{3,})`", PAGE))
    assert not named - known - WORDS, f"docs/decisions.md names what is gone: {sorted(named - known)}"
