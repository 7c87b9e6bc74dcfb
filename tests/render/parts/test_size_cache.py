"""CAD that was read once is not read again, until it, its units or the reader change."""

from __future__ import annotations

from pathlib import Path

import pytest
import trimesh

from render.parts import size_cache
from render.parts.cad_reader import CadReader, Measured, measure_here
from render.parts.catalogue import Catalogue, cad_digest, make_catalogue

read: list[str] = []


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    trimesh.creation.box((10, 20, 30)).export(tmp_path / "box.stl")
    trimesh.creation.box((1, 2, 3)).export(tmp_path / "chip.stl")
    (tmp_path / "parts.csv").write_text("part_id,file\nbox,box.stl\nchip,chip.stl\n")
    read.clear()

    def measure(reader: CadReader, path: Path, units: str) -> Measured:
        read.append(path.name)
        return measure_here(path, units)

    monkeypatch.setattr(CadReader, "measure", measure)
    return tmp_path


def catalogue(folder: Path, units: str = "mm") -> Catalogue:
    read.clear()
    return make_catalogue(folder / "parts.csv", folder, units, folder / "memory.json")


def test_only_what_changed_is_read(folder: Path) -> None:
    first = catalogue(folder)
    assert read == ["box.stl", "chip.stl"]
    assert catalogue(folder) == first
    assert read == []
    trimesh.creation.box((4, 5, 6)).export(folder / "chip.stl")
    assert catalogue(folder).parts[1].size_mm == (4, 5, 6)
    assert read == ["chip.stl"]
    assert catalogue(folder, "cm").parts[0].size_mm == (100, 200, 300)
    assert read == ["box.stl", "chip.stl"]


def test_another_reader_reads_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue(folder)
    monkeypatch.setattr(size_cache, "_reader", lambda: "newer")
    catalogue(folder)
    assert read == ["box.stl", "chip.stl"]


def test_a_flipped_bit_is_no_other_size(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, memory = catalogue(folder), folder / "memory.json"
    memory.write_text(memory.read_text().replace("30", "31"))
    assert catalogue(folder) == first and read == ["box.stl", "chip.stl"]
    assert f"{memory} is damaged: it is made again.\n" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["", "[]", '{"measured": {}}'])
def test_a_damaged_memory_costs_time_only(folder: Path, damage: str) -> None:
    first = catalogue(folder)
    (folder / "memory.json").write_text(damage)
    assert catalogue(folder) == first


def test_a_file_that_cannot_be_read_is_tried_again(folder: Path) -> None:
    (folder / "chip.stl").write_bytes(b"no mesh")
    for _ in range(2):
        assert [item.thing for item in catalogue(folder).skipped] == ["chip"]
        assert "chip.stl" in read


def test_triangles_that_lie_beside_a_gltf_file_are_part_of_it(folder: Path) -> None:
    (folder / "parts.csv").write_text("part_id,file\nbox,box.gltf\n")
    before = None
    for height in (0.030, 0.045):
        trimesh.creation.box((0.010, 0.020, height)).export(folder / "box.gltf")
        (part,) = catalogue(folder).parts
        assert sorted(part.size_mm) == pytest.approx([10, 20, height * 1000], abs=0.01)
        assert part.sha256 != before
        before = part.sha256
    # Only the numbers in the file beside it change, not the file itself.
    (buffer, *_) = sorted(folder.glob("*.bin"))
    buffer.write_bytes(bytes(reversed(buffer.read_bytes())))
    assert cad_digest(folder / "box.gltf") != before
