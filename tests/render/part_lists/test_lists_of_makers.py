"""Lists in the style of makers and companies, each a few lines of lists_of_makers.txt with what a person reads."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from render.part_lists.reader import PartList, read_list

sys.path.insert(0, str(Path(__file__).parent))
from made_lists import Cells, Made

TEXT = Path(__file__).with_name("lists_of_makers.txt").read_text(encoding="utf-8")


@dataclass
class Case:
    """A list, and what is in it: how many different parts, and how many of which assembly."""

    name: str
    made: Made
    parts: int
    tree: dict[str, int] = field(default_factory=dict)
    raw: bool = False

    def save(self, folder: Path) -> Path:
        if self.made.suffix not in (".txt", ".tsv"):
            return self.made.save(folder, self.name)
        (rows,) = self.made.sheets.values()
        path = folder / f"{self.name}{self.made.suffix}"
        path.write_bytes("\r\n".join("\t".join(map(str, row)) for row in rows).encode(self.made.encoding))
        return path


def cases() -> Iterator[Case]:
    for block in re.split(r"^== ", TEXT, flags=re.MULTILINE)[1:]:
        head, *lines = block.rstrip("\n").split("\n")
        name, suffix, *how = head.split()
        made = Made({"": []}, set(), {}, f".{suffix}")
        made.delimiter = ";" if ";" in how else ","
        made.encoding = next((word for word in how if word not in ("tab", ";", "raw")), "utf-8")
        case = Case(name, made, 0, raw="raw" in how)
        for line in lines:
            read_line(line, case)
        yield case


def read_line(line: str, case: Case) -> None:
    made = case.made
    sheet = list(made.sheets)[-1]
    key, _, rest = line.partition(" ")
    if key == "roles":
        made.roles.update(part.strip().rsplit("=", 1) for part in rest.split(";"))  # type: ignore[arg-type]
    elif key == "parts" and rest.isdecimal():
        case.parts = int(rest)
    elif key == "tree":
        case.tree = {part: int(count) for part, count in (word.split("=") for word in rest.split())}
    elif key == "sheet":
        made.sheets.pop("", None)
        made.sheets[rest] = []
    elif key == "merge":
        made.merged.setdefault(sheet, []).append(rest)
    elif line != "raw":
        made.sheets[sheet].append(cells(line.removeprefix("+"), case))
        if line.startswith("+"):
            made.parts.add((sheet, len(made.sheets[sheet])))


def cells(line: str, case: Case) -> Cells:
    if case.raw or not line:
        return [line] if line else []
    texts = [cell.replace("\\n", "\n") for cell in line.split("|")]
    numbers = case.made.suffix in (".xlsx", ".xls")
    return [int(text) if numbers and re.fullmatch(r"[1-9]\d*", text) else text for text in texts]


def wrong_roles(made: Made, read: PartList) -> dict[str, str]:
    """Headers that were read as something else, with what; of a header of several rows its end counts."""
    found = {column.header: column.role for table in read.tables for column in table.columns}
    wrong = {}
    for header, role in made.roles.items():
        got = found.get(header) or next((found[text] for text in found if text.endswith(header)), "")
        if got not in role.split("|"):
            wrong[header] = got
    return wrong


@pytest.mark.parametrize("case", cases(), ids=lambda case: str(case.name))
def test_a_list_is_read_as_a_person_reads_it(case: Case, tmp_path: Path) -> None:
    read = read_list(case.save(tmp_path))
    assert {(part.sheet, row) for part in read.parts for row in part.rows} == case.made.parts
    assert wrong_roles(case.made, read) == {}
    assert len(read.parts) == case.parts
    assert {part.part_id: len(part.children) for part in read.parts if part.children} == case.tree


def test_a_file_that_many_parts_share_is_none_of_theirs(tmp_path: Path) -> None:
    (case,) = (case for case in cases() if case.name == "freecad_sheet")
    read = read_list(case.save(tmp_path))
    assert not any(part.file for part in read.parts)
    assert any("not this part's own file" in line for part in read.parts for line in part.why)


def test_a_word_in_the_column_of_numbers_names_no_part(tmp_path: Path) -> None:
    rows = ("Part Number,Part Name,Qty", "FDM-1,foot,4", "OTS,Belt,1", "OTS,Motor,2", "N-1,Nut,1", "N-1,Nuts,1")
    (tmp_path / "list.csv").write_text("\n".join(rows))
    assert [part.name for part in read_list(tmp_path / "list.csv").parts] == ["foot", "Belt", "Motor", "Nut"]
