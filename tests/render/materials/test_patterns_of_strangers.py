"""A vocabulary beside a stranger's part list has patterns, and one that never ends is not tried."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
import yaml

from cad2real.errors import UserError
from render.materials.material_words import VOCABULARY, read_vocabulary
from render.materials.plain_patterns import pattern_fault
from render.part_lists.reader import read_list

ENDLESS = [
    "(a+)+$",
    "(a|a)*$",
    "(a|aa)+$",
    "(.*a){20}",
    "([a-z]+)*!",
    "(?:x?a*)*b",
    "(a)\\1*",
    "a*a*a*a*a*b",
    "(a{1,9}){1,9}",
]


@pytest.mark.parametrize("pattern", ENDLESS)
@pytest.mark.parametrize("place", ["patterns", "not", "nothing", "standards"])
def test_it_is_refused_in_a_line(tmp_path: Path, pattern: str, place: str) -> None:
    entry = {"material": "steel", "words": ["a"], "patterns": [pattern]}
    words = {"materials": [entry | ({"patterns": ["a"], "not": [pattern]} if place == "not" else {})]}
    if place in ("nothing", "standards"):
        said = {"words": ["a"], "patterns": [pattern]} if place == "nothing" else {"standards": pattern}
        words = {"says_nothing": said}  # type: ignore[dict-item]
    (tmp_path / "vocabulary.yaml").write_text(yaml.safe_dump(words))
    (tmp_path / "list.csv").write_text("Part number,Name,Material\nA-1,Plate," + "a" * 40 + "!\n")
    started = time.process_time()
    with pytest.raises(UserError, match="is not tried") as error:
        read_list(tmp_path / "list.csv")
    assert "\n" not in str(error.value)
    assert time.process_time() - started < 20


@pytest.mark.parametrize(
    "pattern", ["hq-\\d+", "st ?\\d{2}[a-z]?", "(?:en )?aw-\\d+", "x2crni\\d+(-\\d+)?", "a|b", ".*blank.*"]
)
def test_plain_ones_are_tried(pattern: str) -> None:
    assert pattern_fault(pattern) == ""


def test_those_for_rows_as_well(tmp_path: Path) -> None:
    (tmp_path / "rows.yaml").write_text("bought: {patterns: ['(a+)+$']}\n")
    (tmp_path / "list.csv").write_text("Part number,Name,Material\nA-1,Plate,steel\n")
    with pytest.raises(UserError, match=r"rows\.yaml: the pattern .* is not tried"):
        read_list(tmp_path / "list.csv")


@pytest.mark.parametrize("pattern", ["(" * 140 + "a" + ")" * 140, "(" * 200, "[", "a{99999999999}", "(?P<x>"])
def test_patterns_that_are_odd(tmp_path: Path, pattern: str) -> None:
    words = {"materials": [{"material": "steel", "patterns": [pattern]}]}
    (tmp_path / "vocabulary.yaml").write_text(yaml.safe_dump(words))
    try:
        read_vocabulary(tmp_path).guess("aaa")
    except UserError as error:
        assert "\n" not in str(error)


def test_most_of_our_own_are_plain() -> None:
    file = yaml.safe_load(VOCABULARY.read_text(encoding="utf-8"))
    ours = [pattern for item in [*file["materials"], *file["surfaces"]] for pattern in item.get("patterns", ())]
    faulty = [pattern for pattern in ours if pattern_fault(pattern)]
    assert len(faulty) < 0.1 * len(ours), faulty
    for pattern in ours:
        re.compile(pattern)


def test_words_beside_a_list_still_count(tmp_path: Path) -> None:
    (tmp_path / "vocabulary.yaml").write_text("materials:\n  - {material: brass, patterns: ['hq-\\d+']}\n")
    assert read_vocabulary(tmp_path).guess("HQ-77").material == "brass"
