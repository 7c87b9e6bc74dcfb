"""Finds the tables of a sheet: where their headers stand, over how many rows, and how far their rows go."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from render.materials.material_words import MaterialWords
from render.part_lists.columns import Column, assign, by_contents, meanings_of
from render.part_lists.contents import Contents, look_at, sampled
from render.part_lists.group_headers import head_texts
from render.part_lists.headers import HeaderWords, Meaning
from render.part_lists.unknown_headers import unknown_head
from render.part_lists.words import one_line, plain
from render.part_lists.workbooks import Sheet

IDENTITY = {"part_number", "name", "description", "file"}
WEIGHTS = {
    "part_number": 1.0, "name": 1.2, "quantity": 1.2, "position": 0.6, "material": 0.8, "description": 0.4, "surface":
    0.3,
    "color": 0.3, "level": 0.4, "path": 0.3, "file": 0.5, "unit": 0.2, "standard": 0.2, "spare": 0.2, "size": 0.1,
    "remark": 0.1,
}  # fmt: skip
CLOSE_LOOK = 200
"""Rows from the top in which any word may make a header; further down only words that are headers as they stand."""
SAME_KIND = 0.5
"""A table counts beside the best one of its file from this share of its score on."""
SPARSE = 0.5
"""Below this share of rows with more than one cell a table below a plain header is one of names alone."""
_NUMBER = re.compile(r"[-+~]?[\d.,]*\d[\d.,%]*\s*\S{0,3}")


@dataclass
class Head:
    """The header of a table: its rows `first` to `last` from 0, for each column its text and what that may mean."""

    first: int
    last: int
    texts: list[str]
    meanings: list[tuple[Meaning, ...]]

    @property
    def is_plain(self) -> bool:
        """Whether it can be nothing but a header: most cells are words of headers as they stand, none is a number."""
        texts = [text for text in self.texts if text]
        exact = sum(1 for options in self.meanings if options and options[0].fit >= 0.9)
        numbers = any(_NUMBER.fullmatch(text) for text in texts)
        return not numbers and (exact >= 3 or (exact >= 2 and exact >= 0.6 * len(texts)))


@dataclass
class Table:
    """A table of parts: the sheet, its header's rows and its body's (from 0, the end exclusive; above the header where
    the list counts upwards, as on drawings), its columns, repeated headers within, and how well it looks like a part
    list.
    """

    sheet: Sheet
    head: Head
    start: int
    end: int
    columns: list[Column]
    score: float
    again: set[int] = field(default_factory=set)

    def place(self, role: str) -> int | None:
        """The place of the column with `role`, from 0."""
        return next((column.index for column in self.columns if column.role == role), None)


class TableFinder:
    """Finds tables with these vocabularies; `taken`: roles that the user gave to headers or letters of columns."""

    def __init__(self, headers: HeaderWords, materials: MaterialWords, taken: Mapping[str, str]) -> None:
        self._headers, self._materials, self._taken = headers, materials, taken

    def find(self, sheet: Sheet, header_row: int | None = None) -> list[Table]:
        """The tables of `sheet`, from the top; `header_row`: where the header of the only one stands, from 1."""
        if header_row is not None:
            if not 0 < header_row <= len(sheet.rows):
                return []
            row = sheet.rows[header_row - 1]
            heads = [Head(header_row - 1, header_row - 1, [one_line(cell) for cell in row], [])]
            heads[0].meanings = meanings_of(heads[0].texts, self._headers)
        else:
            heads = self._heads(sheet)
        tables = [self._table(sheet, heads, at) for at in range(len(heads))]
        best = max((table.score for table in tables), default=0.0)
        kept: list[Table] = []
        for table in tables:
            if table.score < SAME_KIND * best or (table.score <= 0 and header_row is None):
                continue
            if table.score < best and not table.head.is_plain:
                continue  # a row of the body, or a title, that happens to have such words
            if kept and _same(kept[-1].head, table.head):
                kept[-1].again.update(range(table.head.first, table.head.last + 1))
            else:
                kept.append(table)
        for at, table in enumerate(kept):
            end = kept[at + 1].head.first if at + 1 < len(kept) else len(sheet.rows)
            if end != table.end and table.start > table.head.first:  # heads between that are none after all
                kept[at] = self._again(table, end)
        return kept

    def lies_on_its_side(self, sheet: Sheet) -> bool:
        """Whether the first column of `sheet` has the words that head columns, one below the other."""
        filled = [row for row in sheet.rows[:CLOSE_LOOK] if any(map(str.strip, row))]
        first = min((at for row in filled for at, cell in enumerate(row) if cell.strip()), default=0)
        texts = [text for row in filled if first < len(row) and (text := one_line(row[first]))]
        known = {plain(text) for text in texts if self._headers.knows(text)}
        return len(known) >= 3 and len(known) >= 0.6 * len(texts)

    def headless(self, sheet: Sheet) -> list[Table]:
        """The sheet as one table whose columns are told by their cells: without a header, or below one in words that no
        vocabulary has.
        """
        width = max(map(len, sheet.rows), default=0)
        head = unknown_head(sheet.rows)
        texts = [one_line(cell) for cell in sheet.rows[head]] if head >= 0 else []
        texts += [""] * (width - len(texts))
        table = self._made(sheet, Head(head, head, texts, [()] * width), head + 1, len(sheet.rows))
        return [table] if table.score > 0 else []

    def _heads(self, sheet: Sheet) -> list[Head]:
        heads: list[Head] = []
        at = 0
        while at < len(sheet.rows):
            head = self._head(sheet, at)
            at = head.last + 1 if head else at + 1
            if head:
                heads.append(head)
        return heads

    def _head(self, sheet: Sheet, at: int) -> Head | None:
        """The header that begins in row `at`, if one does."""
        share, found = self._strength(sheet.rows[at], at)
        if found < 2:
            return None
        if at + 1 < len(sheet.rows):
            below, more = self._strength(sheet.rows[at + 1], at)
            if more >= found + 2 or (more > found and below > share + 0.2):
                return None  # a title that happens to have such words, or a row of groups
        last, texts = head_texts(sheet, at, self._headers)
        meanings = meanings_of(texts, self._headers)
        roles = {meaning.role for options in meanings for meaning in options[:2] if meaning.fit >= 0.5}
        if len(roles) < 2 or not roles & {*IDENTITY, "position", "material", "quantity"}:
            return None
        return Head(at, last, texts, meanings)

    def _strength(self, row: Sequence[str], at: int) -> tuple[float, int]:
        """The share of cells of a row that are words of headers, and how many."""
        if at > CLOSE_LOOK:
            return self._glance(row)
        texts = [text for cell in row if (text := one_line(cell))]
        if len(texts) < 2:
            return 0.0, 0
        numbers = sum(1 for text in texts if _NUMBER.fullmatch(text))
        fits = [max((meaning.fit for meaning in self._headers.meanings(text)), default=0.0) for text in texts]
        found = sum(1 for fit in fits if fit >= 0.55)
        exact = sum(1 for fit in fits if fit >= 0.9)
        if found / len(texts) < 0.34 or numbers > 0.34 * len(texts) or exact < 1:
            return 0.0, 0
        return found / len(texts), found

    def _glance(self, row: Sequence[str]) -> tuple[float, int]:
        """As `_strength`, of words only that are headers as they stand, which all but two of five have to be."""
        texts = [cell for cell in row if cell]
        most, known = 0.4 * len(texts), 0
        for number, text in enumerate(texts):
            known += len(text) <= 30 and not text[0].isdigit() and self._headers.knows(one_line(text))
            if number + 1 - known > most:
                return 0.0, 0
        return (known / len(texts), known) if known >= 3 else (0.0, 0)

    def _table(self, sheet: Sheet, heads: Sequence[Head], at: int) -> Table:
        """The table below the header, or above it where nothing is below."""
        head = heads[at]
        end = heads[at + 1].first if at + 1 < len(heads) else len(sheet.rows)
        below = self._made(sheet, head, head.last + 1, end)
        if below.score > 0 or head.first < 2:
            return below
        above = self._made(sheet, head, heads[at - 1].last + 1 if at else 0, head.first)
        return above if above.score > 0 else below

    def _again(self, table: Table, end: int) -> Table:
        made = self._made(table.sheet, table.head, table.start, end)
        made.again = table.again
        return made

    def _made(self, sheet: Sheet, head: Head, start: int, end: int) -> Table:
        rows = sampled(sheet.rows[start:end], 600)
        body = [row for row in rows if sum(1 for cell in row if cell.strip()) >= 2]
        if head.is_plain and len(body) < SPARSE * sum(1 for row in rows if any(map(str.strip, row))):
            body = [row for row in rows if any(map(str.strip, row))]  # most rows have nothing but a name
        width = max([len(head.texts), *map(len, body)]) if body else len(head.texts)
        texts = [*head.texts, *[""] * (width - len(head.texts))]
        seen = [look_at([row[at] if at < len(row) else "" for row in body], self._materials) for at in range(width)]
        meanings = self._with_cells([*head.meanings, *[()] * (width - len(head.meanings))], seen)
        columns = assign(meanings, texts, seen, self._given(texts))
        columns = [column for column in columns if column.role or column.header]
        return Table(sheet, head, start, end, columns, _score(columns, seen, len(body), head.is_plain))

    def _given(self, texts: Sequence[str]) -> dict[int, str]:
        """The user's roles, by a column's place."""
        given = {}
        for name, role in self._taken.items():
            for at, text in enumerate(texts):
                letter = Column(at, "", "", "", 0).letter
                if (plain(text) == plain(name) and text) or (name == letter and name not in texts):
                    given[at] = role
                    break
        return given

    def _with_cells(self, meanings: list[tuple[Meaning, ...]], seen: Sequence[Contents]) -> list[tuple[Meaning, ...]]:
        """`meanings` and, where a header says nothing, what the cells say; not for roles that another header has."""
        said = {meaning.role for options in meanings for meaning in options if meaning.fit >= 0.85}
        return [
            options or tuple(meaning for meaning in by_contents(cells) if meaning.role not in said)
            for options, cells in zip(meanings, seen, strict=True)
        ]


def _same(one: Head, other: Head) -> bool:
    return [plain(text) for text in one.texts if text] == [plain(text) for text in other.texts if text]


def _score(columns: Sequence[Column], seen: Sequence[Contents], rows: int, headed: bool) -> float:
    """How well a table looks like a list of parts; 0 where nothing in it can name a part. `headed`: its header can be
    nothing else, so that its other columns may be empty.
    """
    filled = {column.role: column.sure for column in columns if column.role and seen[column.index].count}
    if not filled.keys() & IDENTITY or rows == 0:
        return 0.0
    if len(filled.keys() & WEIGHTS.keys()) < (1 if headed else 2):
        return 0.0
    return sum(WEIGHTS.get(role, 0.0) * (0.5 + 0.5 * sure) for role, sure in filled.items()) + 0.4 * math.log10(
        1 + rows
    )
