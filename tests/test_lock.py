"""requirements.lock pins what pyproject.toml asks for, and all that this pulls in, each with the hash of its file."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LINES = (ROOT / "requirements.lock").read_text().splitlines()
PINS = dict(line.split()[0].split("==") for line in LINES)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WANTED = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
MEND = "Write it anew: make lock"


def test_each_line_is_a_pin_with_a_hash_and_names_no_host() -> None:
    line = r"[a-z0-9-]+==[A-Za-z0-9.+!]+ --hash=sha256:[0-9a-f]{64}"
    assert [each for each in LINES if not re.fullmatch(line, each)] == [], MEND
    names = [each.split("==")[0] for each in LINES]
    assert names == sorted(set(names)), MEND


@pytest.mark.parametrize("wanted", WANTED)
def test_every_requirement_is_pinned(wanted: str) -> None:
    requirement = Requirement(wanted)
    name = canonicalize_name(requirement.name)
    assert name in PINS, MEND
    assert requirement.specifier.contains(PINS[name], prereleases=True), MEND


def test_the_lock_holds_all_that_is_pulled_in_and_nothing_else() -> None:
    """As the installed packages say what they need."""
    needed, waiting = set(), [Requirement(wanted) for wanted in WANTED]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        extras = frozenset(requirement.extras)
        if (name, extras) in needed:
            continue
        needed.add((name, extras))
        try:
            pulled_in = requires(name) or []
        except PackageNotFoundError:  # a lock that was just written, before `make setup`
            pytest.fail(f"{name} is needed and not installed. Run: make lock setup")
        for each in map(Requirement, pulled_in):
            if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in extras or {""}):
                waiting.append(each)
    names = {name for name, _ in needed}
    assert sorted(names - PINS.keys()) == [], MEND
    assert sorted(PINS.keys() - names) == [], MEND
