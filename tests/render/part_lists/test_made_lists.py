"""Lists in the style of many tools, languages and hands: the right rows are parts, columns have the right roles."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from render.part_lists.reader import PartList, read_list

sys.path.insert(0, str(Path(__file__).parent))
from made_lists import DEVELOPED, HELD_OUT, ROUGH, UNSEEN, UNSEEN_LAST, UNSEEN_LATER, Made, Style


def roles(made: Made, read: PartList) -> dict[str, str]:
    """The role of every header of `made`, as read; a header of several rows by the end of its text."""
    found = {column.header: column.role for table in read.tables for column in table.columns}
    return {
        header: found.get(header) or next((found[text] for text in found if text.endswith(header)), "")
        for header in made.roles
    }


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    "style",
    [*DEVELOPED, *ROUGH, *HELD_OUT, *UNSEEN, *UNSEEN_LATER, *UNSEEN_LAST],
    ids=lambda style: str(style.__name__),
)
def test_rows_and_columns_are_those_that_a_person_reads(style: Style, seed: int, tmp_path: Path) -> None:
    made = style(random.Random(seed))
    read = read_list(made.save(tmp_path, "list"))
    assert {(part.sheet, row) for part in read.parts for row in part.rows} == made.parts
    assert roles(made, read) == made.roles
