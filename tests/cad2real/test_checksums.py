"""A file that is not what was sealed is told from one that is, wherever and however it was damaged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cad2real import checksums
from cad2real.checksums import damaged_files, discard, is_kept, is_whole, seal, sealed_file


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of several blocks, the last of them short."""
    monkeypatch.setattr(checksums, "BLOCK", 64)
    with sealed_file(tmp_path / "large.bin") as temporary:
        temporary.write_bytes(os.urandom(1000))
    return tmp_path / "large.bin"


@pytest.mark.parametrize("place", [0, 63, 64, 500, 999])
def test_a_flipped_bit_is_found_anywhere(large: Path, place: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert is_kept(large) and capsys.readouterr().err == ""
    content = bytearray(large.read_bytes())
    content[place] ^= 4
    large.write_bytes(content)
    assert not is_whole(large) and not is_kept(large)
    assert capsys.readouterr().err == f"{large} is damaged: it is made again.\n"


@pytest.mark.parametrize("change", [lambda path: path.write_bytes(b""), lambda path: os.truncate(path, 999)])
def test_a_file_cut_short_is_found(large: Path, change: object) -> None:
    assert callable(change)
    change(large)
    assert not is_whole(large)


@pytest.mark.parametrize("sums", [b"", b"{", b"\xff\xfe", b"[1000]\n", b"null\n", None])
def test_without_its_checksums_no_file_is_trusted(large: Path, sums: bytes | None) -> None:
    beside = large.with_name("large.bin.sum")
    if sums is None:
        beside.unlink()
    else:
        beside.write_bytes(sums)
    assert not is_whole(large)


def test_blocks_that_changed_places_are_found(large: Path) -> None:
    content = large.read_bytes()
    large.write_bytes(content[64:128] + content[:64] + content[128:])
    assert not is_whole(large)


def test_a_writer_killed_before_the_file_was_replaced_leaves_a_whole_one(large: Path, tmp_path: Path) -> None:
    (tmp_path / "next").write_bytes(b"next")
    seal(large, tmp_path / "next")  # and killed here
    assert is_whole(large)
    (tmp_path / "next").replace(large)
    assert is_whole(large)


def test_a_writer_that_failed_leaves_what_was_there(large: Path) -> None:
    with pytest.raises(OSError, match="full"), sealed_file(large) as temporary:
        temporary.write_bytes(b"half")
        raise OSError("full")
    assert is_whole(large) and len(list(large.parent.iterdir())) == 2


def test_a_missing_file_is_no_damage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not is_kept(tmp_path / "none") and capsys.readouterr().err == ""
    discard(tmp_path / "none")


def test_damage_below_a_folder_is_listed(large: Path) -> None:
    (large.parent / ".lock").touch()
    assert damaged_files(large.parent) == []
    (large.parent / "litter").touch()
    assert damaged_files(large.parent) == [large.parent / "litter"]
    discard(large)
    assert damaged_files(large.parent) == [large.parent / "litter"] and not large.with_name("large.bin.sum").exists()
