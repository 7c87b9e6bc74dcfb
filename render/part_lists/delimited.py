"""Text to rows of cells: the delimiter and whether quotes quote are found by how equally the rows come out."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass

from render.part_lists.workbook_limits import MAX_COLUMNS

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_LINES = 400
_RULE = re.compile(r"[\s|:+=-]+")
"""The line between header and rows of a table in plain text."""


@dataclass(frozen=True)
class Dialect:
    """How a text separates its cells."""

    delimiter: str
    quotes: bool

    def __str__(self) -> str:
        name = {"\t": "tab", " ": "columns of blanks"}.get(self.delimiter, repr(self.delimiter))
        return f"cells separated by {name}" + ("" if self.quotes else ", quotes are inch marks")


def read_rows(text: str) -> tuple[list[list[str]], Dialect]:
    r"""All rows of `text`, empty ones as empty lists, so that a row's place is its number in a spreadsheet. Of a row
    its first MAX_COLUMNS cells, as of a workbook's.

    >>> read_rows("Pos;Name\n1;Bolt, long\n2;Nut")[0]
    [['Pos', 'Name'], ['1', 'Bolt, long'], ['2', 'Nut']]
    """
    text = text.replace("\0", "")
    told, dropped = re.match(r"sep=(.)\r?\n", text), 0
    if told:  # Excel's own hint
        text, dropped = text[told.end() :], 1
    dialect = Dialect(told[1], quotes=True) if told else find_dialect(text)
    rows = [_bare(row, dialect)[:MAX_COLUMNS] for row in _parsed(text, dialect)]
    return [[]] * dropped + rows, dialect


def find_dialect(text: str) -> Dialect:
    """The dialect under which most rows have the same number of cells, and more than one."""
    sample = "\n".join(text[: SAMPLE_LINES * 2000].splitlines()[:SAMPLE_LINES])
    choices = [Dialect(delimiter, quotes) for delimiter in DELIMITERS for quotes in (True, False)]
    scores = {choice: _evenness(_parsed(sample, choice)) for choice in choices if choice.delimiter in sample}
    if not scores or max(scores.values()) <= 0:
        blanks = Dialect(" ", quotes=False)
        return blanks if _evenness(_parsed(sample, blanks)) > 0.5 else Dialect(",", quotes=True)
    best = max(scores, key=lambda choice: scores[choice])
    quoting = Dialect(best.delimiter, quotes=True)
    # Quotes quote, unless they swallow delimiters and line ends: 1/4" is an inch.
    return quoting if scores[quoting] >= scores[best] - 0.02 and _quotes_close(sample, best.delimiter) else best


def _quotes_close(sample: str, delimiter: str) -> bool:
    """Whether quotes at the start of a cell are closed at the end of one."""
    cut = re.escape(delimiter)
    opened = len(re.findall(rf'(?:^|{cut})"', sample, re.MULTILINE))
    closed = len(re.findall(rf'"(?={cut}|$)', sample, re.MULTILINE))
    return '"' not in sample or (opened > 0 and opened >= 0.5 * closed)


def _evenness(rows: list[list[str]]) -> float:
    """How equally long the rows are (0-1), and a little for having many cells; 0 where they are single cells."""
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    if not filled:
        return 0.0
    counts = Counter(len(row) for row in filled)
    wide = {width: count for width, count in counts.items() if width > 1}
    if not wide:
        return 0.0
    width = max(wide, key=lambda width: (wide[width] * min(width, 6), width))
    # Cells count where there are words in them: a text full of commas has many, but not the same number.
    share = counts[width] / len(filled)
    used = sum(1 for row in filled for cell in row if cell.strip()) / sum(map(len, filled))
    broken = sum(1 for row in filled for cell in row if cell.count("\n") > 5) / len(filled)
    return share * min(1.0, 0.4 + 0.1 * width) * (0.7 + 0.3 * used) + 0.02 * min(width, 10) - broken


def _parsed(text: str, dialect: Dialect) -> list[list[str]]:
    if dialect.delimiter == " ":
        return [re.split(r" {2,}|\t", line.rstrip()) if line.strip() else [] for line in text.splitlines()]
    if not dialect.quotes:
        return [line.split(dialect.delimiter) if line else [] for line in re.split(r"\r\n|\n|\r", text)]
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))  # of all readers: never lowered
    source = io.StringIO(text, newline=None)  # all kinds of line ends
    # A blank between delimiter and quote is not the cell's; others may be a name's indentation.
    blanks = f'{dialect.delimiter} "' in text[:100_000]
    return list(csv.reader(source, delimiter=dialect.delimiter, skipinitialspace=blanks))


def _bare(row: list[str], dialect: Dialect) -> list[str]:
    """`row` without the outer bars and the rules of a table in plain text."""
    if dialect.delimiter != "|" or not row:
        return row
    if _RULE.fullmatch("|".join(row)):
        return []
    if not row[0].strip() and len(row) > 1:
        row = row[1:]
    return row[:-1] if len(row) > 1 and not row[-1].strip() else row
