"""Which rows of a table are parts, and what the others are: headings, sums, postage, remarks, rows that go on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from render.part_lists.quantities import is_nothing
from render.part_lists.row_words import RowWords
from render.part_lists.tables import Table
from render.part_lists.words import one_line
from render.part_lists.workbooks import merged_down

BARE = 0.5
"""From this share of rows with nothing but a name on, such rows are parts; below it they are headings and remarks."""
PER_ROW = frozenset({"quantity", "position", "level", "price", "weight", "remark"})
"""What a cell that is merged over several rows says of all of them together, or of the first."""
_SUM = re.compile(r"[\s\d.,%$€£¥₽+\-–—/()*]*(?:usd|eur|kg|g|руб|元|pcs|stk)?[\s.]*", re.IGNORECASE)
_GOES_ON = re.compile(r"[a-zа-яà-ÿ(,;]|(?:гост|ост|ту|din|iso|en|gb|l=|\d+[xх×])", re.IGNORECASE)
_MEASURE = re.compile(r"[^\W\d]\d|(?<!\w)\d{2,}[^\W\d]|\d ?(?:mm|cm|m|v|a|w|x|ghz|kg|g|мм|в)(?![^\W\d])", re.IGNORECASE)
"""Measures and types (M3x10, 24 V) are in names of parts; headings have at most a number of their own."""
_MARKED = re.compile(r"#{1,6} .+|(?P<rule>[=*~–—-])(?P=rule)+ ?\w.*|【.+】|■.+|\[[^\W\d][^\]]+\]")
"""Headings as people mark them in plain text."""
_LETTER = re.compile(r"[^\W\d_]")
_LOWER = re.compile(r"[a-zа-яà-ÿ(,;]")

Bare = Literal["section", "goes on", "remark", "part"]


@dataclass
class PartRow:
    """A row that is a part: its number in the sheet, `values` by role (one line each), the raw text of the columns
    that may be indented, the heading it stands under with what that says, and what is worth saying of it.
    """

    number: int
    table: Table
    values: dict[str, str]
    indent: int = 0
    section: str = ""
    section_kind: str = ""
    notes: list[str] = field(default_factory=list)
    sizes: tuple[str, ...] = ()

    def get(self, role: str) -> str:
        return self.values.get(role, "")

    @property
    def label(self) -> str:
        return " | ".join(self.values.values())[:120]


@dataclass(frozen=True)
class NotPart:
    """A row that is no part: its sheet, its number, what stands in it (shortened) and why it is none."""

    sheet: str
    row: int
    text: str
    why: str


@dataclass
class _State:
    """What was read so far of a table."""

    section: str = ""
    kind: str = ""
    last: PartRow | None = None
    after_gap: bool = False


def read_rows_of(table: Table, words: RowWords) -> tuple[list[PartRow], list[NotPart]]:
    """The parts of `table`, and its other rows with the reason; rows without any text are left out."""
    reader = _Reader(table, words)
    return reader.read()


class _Reader:
    def __init__(self, table: Table, words: RowWords) -> None:
        self._table, self._words = table, words
        self._roles: list[tuple[int, str]] = []
        for column in table.columns:
            if column.role and (
                column.role in {"size", "supplier", "link", "price"}
                or all(column.role != role for _, role in self._roles)
            ):
                self._roles.append((column.index, column.role))
        self._places = {role: place for place, role in reversed(self._roles)}
        self._indented = [self._places[role] for role in ("name", "part_number", "position") if role in self._places]
        self._header = {text for text in table.head.texts if text}
        self._rows = merged_down(
            table.sheet, table.start, {place for place, role in self._roles if role not in PER_ROW}
        )
        self._width = max((column.index for column in table.columns), default=0) + 1
        self._bare_are_parts = self._bare_share() > BARE or not self._has_headings()
        self.parts: list[PartRow] = []
        self.others: list[NotPart] = []

    def read(self) -> tuple[list[PartRow], list[NotPart]]:
        state = _State()
        for at in range(self._table.start, self._table.end):
            row = self._rows[at]
            if not any(cell.strip() for cell in row):
                state.after_gap = True
                continue
            self._row(at, row, state)
            state.after_gap = False
        _mend_positions(self.parts)
        return self.parts, self.others

    def _row(self, at: int, row: list[str], state: _State) -> None:
        values = self._values(row)
        said = [role for role in values if role not in {"position", "level"}] or list(values)
        alone = values[said[0]] if len(said) == 1 and said[0] != "quantity" else ""
        known = bool(alone) and self._words.section(alone) is not None
        alone = alone if known or len(values) == 1 else ""
        why = "" if known else self._no_part(at, row, values)
        if not why and alone:
            why = self._bare_row(at, row, alone, state)
        elif not why and not self._identity(values):
            why = self._nameless(row, state)
        if not why and state.kind == "documents":
            why = "it stands under documents"
        if why:
            self._drop(at, row, why)
            return
        part = PartRow(at + 1, self._table, values, self._indent(row), state.section, state.kind)
        part.sizes = tuple(one_line(row[place]) for place, role in self._roles if role == "size" and place < len(row))
        if len(row) > self._width and any(cell.strip() for cell in row[self._width :]):
            part.notes.append(f"the row has {len(row)} cells, the header {self._width}: see that none is shifted")
        self.parts.append(part)
        state.last = part

    def _values(self, row: list[str]) -> dict[str, str]:
        """The cells of a row that say something, by role; of several columns of one role the first filled one."""
        values: dict[str, str] = {}
        for place, role in self._roles:
            if place < len(row) and role not in values:
                text = one_line(row[place])
                if text and not is_nothing(text):
                    values[role] = text
        return values

    def _no_part(self, at: int, row: list[str], values: Mapping[str, str]) -> str:
        """Why a row is no part by its words alone; empty where they do not say so."""
        if at in self._table.again:
            return "the header once more"
        if at + 1 in self._table.sheet.filtered:
            return "hidden by the sheet's filter"
        texts = [text for cell in row if (text := one_line(cell))]
        letters = [text for text in texts if _LETTER.search(text)]
        if all(map(_SUM.fullmatch, letters)) and (why := self._only_numbers(texts, values)):
            return why
        if any(map(self._words.is_total, letters[:2])) and not ("part_number" in values and "position" in values):
            return "a sum"
        if letters and self._words.is_charge(letters[0]) and "position" not in values:
            return "postage, tax or the like"
        if letters and "quantity" not in values and self._words.begins_remark(letters[0]):
            own = {values.get("name"), values.get("part_number")}
            if ":" in letters[0].replace("：", ":") or letters[0] not in own:
                return "a remark"
        again = texts[0] in self._header or (len(texts) > 1 and texts[1] in self._header)
        same = sum(1 for text in texts if text in self._header) if again else 0
        return "the header once more" if same >= max(2, 0.6 * len(self._header)) else ""

    def _only_numbers(self, texts: list[str], values: Mapping[str, str]) -> str:
        """What a row without words is, unless its numbers are those of a part."""
        if not any(map(str.isalnum, "".join(texts))):
            return "no words, only signs"
        if not re.search(r"[1-9]", " ".join(texts)):
            return "only a computed 0"
        return "only numbers" if not self._identity(values) or len(texts) == 1 else ""

    def _bare_row(self, at: int, row: list[str], text: str, state: _State) -> str:
        """What a row with one cell is: a heading (kept for the rows below), text that goes on, a remark, or a part
        ("").
        """
        kind = self._words.section(bare := text.strip("#=*~–—-【】■[] ") or text)
        if kind is not None or _MARKED.fullmatch(text):
            state.section, state.kind = bare, kind or ""
            return f"a heading: {bare}"
        what = self._bare_kind(at, row, text, state)
        if what == "goes on" and state.last is not None:
            state.last.values["name"] = f"{state.last.get('name')} {text}".strip()
            return f"goes on from row {state.last.number}"
        if what == "section":
            state.section, state.kind = text, ""
            return f"a heading: {text}"
        return "a remark" if what == "remark" else ""

    def _bare_kind(self, at: int, row: list[str], text: str, state: _State) -> Bare:
        if self._words.is_remark(text):
            return "remark"
        name = self._places.get("name")
        in_name = name is not None and name < len(row) and one_line(row[name]) == text
        if in_name and state.last is not None and not state.after_gap and _GOES_ON.match(text):
            before = state.last.number == at or any(item.row == at for item in self.others[-1:])
            # In the second or a later column a name that goes on; in the first one it may be a heading.
            if before and (name or _LOWER.match(text)) and not self._bare_are_parts:
                return "goes on"
        if self._bare_are_parts and in_name | (self._places.get("part_number") == self._filled(row)):
            return "part"
        if in_name and _MEASURE.search(text):
            return "part"
        following = next(
            (cells for cells in self._rows[at + 1 : min(at + 4, self._table.end)] if any(c.strip() for c in cells)),
            None,
        )
        if following is not None and len(self._values(following)) >= 1:
            return "section"
        return "remark"

    def _nameless(self, row: list[str], state: _State) -> str:
        texts = [one_line(cell) for cell in row if cell.strip()]
        if self._words.is_remark(texts[0]):
            return "a remark"
        if state.last is not None and state.last.number:
            return f"neither name nor number: it says more of row {state.last.number}"
        return "neither name nor number"

    def _drop(self, at: int, row: list[str], why: str) -> None:
        text = " | ".join(text for cell in row[:12] if (text := one_line(cell)))
        self.others.append(NotPart(self._table.sheet.name, at + 1, text[:120], why))

    def _identity(self, values: Mapping[str, str]) -> bool:
        return bool(values.keys() & {"name", "part_number", "description", "file", "supplier_number"})

    def _filled(self, row: list[str]) -> int | None:
        return next((place for place, cell in enumerate(row) if cell.strip()), None)

    def _indent(self, row: list[str]) -> int:
        for place in self._indented:
            if place < len(row) and row[place].strip():
                text = row[place].replace("\t", "    ").replace("\u3000", "  ").replace("\xa0", " ")
                return len(text) - len(text.lstrip(" ."))
        return 0

    def _bare_share(self) -> float:
        """The share of named rows that have nothing but one cell, known headings and what goes on from above aside."""
        named = bare = 0
        for values in self._looked_through():
            text = next(iter(values.values()), "")
            if len(values) == 1 and (self._is_heading(text) or _GOES_ON.match(text)):
                continue
            if self._identity(values):
                named += 1
                bare += len(values) == 1
        return bare / named if named else 0.0

    def _has_headings(self) -> bool:
        """Whether rows with nothing but a name are headings: where a list has headings it begins with one, or sets them
        apart by an empty row, or some are known. Else they are parts whose quantity was forgotten.
        """
        gap = True  # above the first row
        for values in self._looked_through():
            if len(values) == 1:
                text = next(iter(values.values()))
                apart = gap and not _MEASURE.search(text)
                if apart or self._is_heading(text) or text.endswith(":"):
                    return True
            gap = not values
        return False

    def _is_heading(self, text: str) -> bool:
        return self._words.section(text) is not None or bool(_MARKED.fullmatch(text))

    def _looked_through(self) -> Iterator[dict[str, str]]:
        for row in self._rows[self._table.start : min(self._table.end, self._table.start + 2000)]:
            yield self._values(row)


def _mend_positions(parts: list[PartRow]) -> None:
    """A workbook may hold the position 1.10 as the number 1.1: what follows 1.9 is 1.10 again."""
    before = ("", 0)
    for part in parts:
        head, dot, tail = part.get("position").rpartition(".")
        if not dot or not tail.isdecimal() or len(tail) > 4:
            before = ("", 0)
            continue
        number = int(tail)
        if head == before[0] and number * 10 == before[1] + 1 and not part.table.sheet.note:
            number *= 10
            part.values["position"] = f"{head}.{number}"
            part.notes.append(f"position {head}.{tail} follows {head}.{before[1]}: it is {head}.{number}")
        before = (head, number)
