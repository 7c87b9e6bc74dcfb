"""The hash of a part follows its files, and unchanged files are not read again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from render.farm.content_hashes import content_hashes


@pytest.fixture
def out(tmp_path: Path) -> Path:
    for part in ("bolt", "nut"):
        (tmp_path / "renders" / part).mkdir(parents=True)
        (tmp_path / "renders" / part / "part.json").write_text("{}")
        (tmp_path / "renders" / part / "view_000.png").write_text("one")
    return tmp_path / "renders"


def hashes(out: Path) -> dict[str, str]:
    return content_hashes(out, sorted(path.name for path in out.iterdir()), out.parent / "memory.json")


def test_equal_files_have_equal_hashes_wherever_they_are(out: Path) -> None:
    found = hashes(out)
    assert list(found) == ["bolt", "nut"]
    assert found["bolt"] == found["nut"]


def test_a_picture_that_changed_came_or_went_changes_its_part_only(out: Path) -> None:
    seen = [hashes(out)]
    (out / "bolt" / "view_000.png").write_text("two")
    seen.append(hashes(out))
    (out / "bolt" / "view_001.png").write_text("three")
    seen.append(hashes(out))
    (out / "bolt" / "view_000.png").unlink()
    seen.append(hashes(out))
    assert len({found["bolt"] for found in seen}) == 4
    assert len({found["nut"] for found in seen}) == 1


def test_unchanged_files_are_not_read_again(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = hashes(out)
    monkeypatch.setattr("render.farm.content_hashes._content", lambda folder: f"read {folder.name}")
    assert hashes(out) == before
    os.utime(out / "bolt" / "view_000.png")
    assert hashes(out) == before | {"bolt": "read bolt"}


@pytest.mark.parametrize("damage", ["", "[]", '{"bolt": 1}', '{"bolt": ["a"]}'])
def test_a_damaged_memory_costs_time_only(out: Path, damage: str) -> None:
    before = hashes(out)
    (out.parent / "memory.json").write_text(damage)
    assert hashes(out) == before


def test_a_flipped_bit_in_the_memory_is_not_believed(out: Path) -> None:
    before = hashes(out)
    memory = out.parent / "memory.json"
    memory.write_text(memory.read_text().replace(before["bolt"], "0" * 64))
    assert hashes(out) == before
