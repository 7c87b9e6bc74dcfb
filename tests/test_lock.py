"""requirements.lock pins everything that pyproject.toml asks for, in plain name==version lines."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LINES = (ROOT / "requirements.lock").read_text().splitlines()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_lock_holds_plain_pins_only() -> None:
    assert [line for line in LINES if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line)] == []


@pytest.mark.parametrize("wanted", PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"])
def test_every_requirement_is_pinned(wanted: str) -> None:
    requirement = Requirement(wanted)
    pins = {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in LINES)}
    name = canonicalize_name(requirement.name)
    assert name in pins
    assert requirement.specifier.contains(pins[name], prereleases=True)
