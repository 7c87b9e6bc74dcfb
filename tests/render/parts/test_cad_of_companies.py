"""Folders of companies: formats of CAD programs, parts that are only in an assembly, lists further below."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import trimesh
from typer.testing import CliRunner

from cad2real.cli import app
from render.part_lists.reader import read_list
from render.parts.company_list import readable_lists, rows_of

sys.path.insert(0, str(Path(__file__).parent))
from made_step import machine

LIST = """Pos;Sachnummer;Benennung;Menge;Werkstoff
1;RA-000;Machine;1;
1.1;RA-100;Base plate;1;S235
1.2;RA-200;Motor unit;1;
1.2.1;RA-201;Motor body;1;Aluminium
1.2.2;RA-202;Shaft;1;C45
2;RA-300;Cover;1;PA6
3;RA-400;Lever;1;PA6
4;RA-500;Knob;2;PA6
"""


@pytest.fixture
def company(tmp_path: Path) -> Path:
    folder = tmp_path / "company"
    (folder / "CAD").mkdir(parents=True)
    (folder / "parts.csv").write_text(LIST)
    (folder / "CAD" / "RA-000.step").write_text(str(machine()))
    trimesh.creation.box((20, 30, 2)).export(folder / "CAD" / "RA-100.stl")
    trimesh.creation.box((20, 30, 2)).export(folder / "CAD" / "RA-300.stl")
    for name in ("RA-300.SLDPRT", "RA-400 Rev B.SLDPRT", "ra-500.prt.12"):
        (folder / "CAD" / name).write_bytes(b"native")
    return folder


def test_why_a_part_has_no_cad(company: Path) -> None:
    rows, skipped = rows_of(read_list(company / "parts.csv"), "mm")
    assert [row.part_id for row in rows] == ["RA-000", "RA-100", "RA-300"]
    why = {item.thing: item.reason for item in skipped}
    for part in ("RA-200", "RA-201", "RA-202"):
        assert "only in the assembly RA-000.step" in why[part]
    assert "ra-500.prt.12 is in NX or Creo's own format" in why["RA-500"]


def test_init_names_what_has_to_be_exported(company: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["init", str(tmp_path / "project"), "--from", str(company)])
    assert result.exit_code == 0, result.output
    assert "RA-400 Rev B.SLDPRT" in result.output and "SolidWorks's own format" in result.output
    assert "RA-300.SLDPRT" not in result.output  # it is there as STL


def test_a_folder_of_nothing_but_own_formats(tmp_path: Path) -> None:
    (tmp_path / "company").mkdir()
    (tmp_path / "company" / "plate.ipt").write_bytes(b"native")
    result = CliRunner().invoke(app, ["init", str(tmp_path / "project"), "--from", str(tmp_path / "company")])
    assert result.exit_code != 0
    assert "Inventor" in str(result.exception)


def test_a_list_further_below_is_found_and_one_at_the_top_comes_first(company: Path) -> None:
    (company / "Stueckliste" / "alt").mkdir(parents=True)
    (company / "parts.csv").rename(company / "Stueckliste" / "liste.csv")
    assert [read.path.name for read in readable_lists(company)[0]] == ["liste.csv"]
    (company / "top.csv").write_text("Part;Qty\nBase plate;1\nCover;2\n")
    assert [read.path.name for read in readable_lists(company)[0]] == ["top.csv"]
