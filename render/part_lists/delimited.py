"""Text to rows of cells: the delimiter and whether quotes quote are found by how equally the rows come out."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from render.part_lists.workbook_limits import MAX_COLUMNS

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_LINES = 400
HEAD_ROWS = 20
"""Rows among which a head is looked for, below titles."""
IsHead = Callable[[Sequence[str]], bool]
OTHER_QUOTES = {"'": "''", "“": "“”", "„": "„“", "«": "«»"}
"""Quotes around cells besides the usual ones, each with its pair; only where nearly all cells have them."""
QUOTED = 0.9
_LINE_END = re.compile(r"\r\n|\n|\r")
"""What ends a line of a list; str.splitlines cuts at many more signs, which a cell may hold."""
_AS_TEXT = re.compile(r'="((?:[^"]|"")*)"')
"""A cell written so that a spreadsheet does not take it for a number."""
_RULE = re.compile(r"[\s|:+=-]+")
"""The line between header and rows of a table in plain text."""


@dataclass(frozen=True)
class Dialect:
    """How a text separates its cells; `escapes`: a quote within a cell follows a backslash."""

    delimiter: str
    quotes: bool
    escapes: bool = False

    def __str__(self) -> str:
        name = {"\t": "tab", " ": "columns of blanks"}.get(self.delimiter, repr(self.delimiter))
        return f"cells separated by {name}" + ("" if self.quotes else ", quotes are inch marks")


def read_rows(text: str, is_head: IsHead | None = None) -> tuple[list[list[str]], Dialect]:
    r"""All rows of `text`, empty ones as empty lists, so that a row's place is its number in a spreadsheet. Of a row
    its first MAX_COLUMNS cells, as of a workbook's. A row that `is_head`, within the first ones, tells the dialect.

    >>> read_rows("Pos;Name\n1;Bolt, long\n2;Nut")[0]
    [['Pos', 'Name'], ['1', 'Bolt, long'], ['2', 'Nut']]
    """
    text = text.replace("\0", "")
    told, dropped = re.match(r"\ufeff?\"?sep=(.)\"?(?:\r\n|\n|\r)", text, re.IGNORECASE), 0
    if told:  # Excel's own hint
        text, dropped = text[told.end() :], 1
    text = _with_usual_quotes(text)
    dialect = Dialect(told[1], quotes=True) if told else _dialect_of_head(text, is_head) or find_dialect(text)
    return [[]] * dropped + parse(text, dialect), dialect


def parse(text: str, dialect: Dialect) -> list[list[str]]:
    """The rows of `text`, which separates its cells as `dialect` says."""
    return [[_unmarked(cell) for cell in _bare(row, dialect)[:MAX_COLUMNS]] for row in _parsed(text, dialect)]


def _dialect_of_head(text: str, is_head: IsHead | None) -> Dialect | None:
    """The dialect under which one of the first rows `is_head`."""
    if is_head is None:
        return None
    sample = sample_of(text)
    for dialect in [*(Dialect(delimiter, quotes=True) for delimiter in DELIMITERS), Dialect(" ", quotes=False)]:
        if any(map(is_head, parse(sample, dialect)[:HEAD_ROWS])):
            escapes = dialect.quotes and _escapes(sample, dialect.delimiter)
            return Dialect(dialect.delimiter, dialect.quotes, escapes)
    return None


def _escapes(sample: str, delimiter: str) -> bool:
    """Whether quotes within cells follow a backslash: the rows come out more equal so."""
    escaping, doubling = Dialect(delimiter, quotes=True, escapes=True), Dialect(delimiter, quotes=True)
    return '\\"' in sample and 0 < _evenness(_parsed(sample, doubling)) < _evenness(_parsed(sample, escaping))


def sample_of(text: str) -> str:
    """The first lines of `text`, by which its dialect is found."""
    return "\n".join(_LINE_END.split(text[: SAMPLE_LINES * 2000])[:SAMPLE_LINES])


def _with_usual_quotes(text: str) -> str:
    """`text` with usual quotes around its cells where nearly all of them have others."""
    sample = sample_of(text)
    for first, pair in OTHER_QUOTES.items():
        if not sample.lstrip("\ufeff \t\r\n|").startswith(first):
            continue
        cells = [cell.strip() for cell in re.split(r"[,;\t|\r\n]+", sample) if cell.strip()]
        if 2 * sum(cell[0] == pair[0] for cell in cells) > len(cells) and _all_quoted(sample, pair):
            table = {ord(pair[0]): '"', ord(pair[1]): '"', ord('"'): '""'}
            return text.translate(table)
    return text


def _all_quoted(sample: str, pair: str) -> bool:
    """Whether nearly all lines of `sample` begin and end with the quotes `pair`."""
    lines = [line.strip(" \t|,;") for line in _LINE_END.split(sample) if line.strip()]
    quoted = [line for line in lines if line.startswith(pair[0]) and line.endswith(pair[1])]
    return len(quoted) >= QUOTED * len(lines)


def _unmarked(cell: str) -> str:
    r"""`cell` without what keeps a spreadsheet from reading it as a number.

    >>> _unmarked('="007"'), _unmarked("'007"), _unmarked("=A1")
    ('007', '007', '=A1')
    """
    if marked := _AS_TEXT.fullmatch(cell.strip()):
        return marked[1].replace('""', '"')
    return cell[1:] if re.match(r"'[\d+=@-]", cell) and not cell.endswith("'") else cell


def find_dialect(text: str) -> Dialect:
    """The dialect under which most rows have the same number of cells, and more than one."""
    sample = sample_of(text)
    choices = [Dialect(delimiter, quotes) for delimiter in DELIMITERS for quotes in (True, False)]
    if '\\"' in sample:
        choices += [Dialect(delimiter, quotes=True, escapes=True) for delimiter in DELIMITERS]
    scores = {choice: _evenness(_parsed(sample, choice)) for choice in choices if choice.delimiter in sample}
    most = max(scores.values(), default=0.0)
    if most <= 0.5:
        blanks = Dialect(" ", quotes=False)
        if _evenness(_parsed(sample, blanks)) > max(0.5, most):
            return blanks
    if most <= 0:
        return Dialect(",", quotes=True)
    best = max(scores, key=lambda choice: scores[choice])
    quoting = best if best.escapes else Dialect(best.delimiter, quotes=True)
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
    odd = (cell for row in filled for cell in row if cell.count("\n") > 5 or cell.strip() in DELIMITERS[:2])
    broken = sum(1 for _ in odd) / len(filled)
    return share * min(1.0, 0.4 + 0.1 * width) * (0.7 + 0.3 * used) + 0.02 * min(width, 10) - broken


def _parsed(text: str, dialect: Dialect) -> list[list[str]]:
    if dialect.delimiter == " ":
        return [re.split(r" {2,}|\t", line.rstrip()) if line.strip() else [] for line in _LINE_END.split(text)]
    if not dialect.quotes:
        return [line.split(dialect.delimiter) if line else [] for line in _LINE_END.split(text)]
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))  # of all readers: never lowered
    source = io.StringIO(text, newline=None)  # all kinds of line ends
    # A blank between delimiter and quote is not the cell's; others may be a name's indentation.
    blanks = f'{dialect.delimiter} "' in text[:100_000]
    how = {"doublequote": False, "escapechar": "\\"} if dialect.escapes else {}
    return list(csv.reader(source, delimiter=dialect.delimiter, skipinitialspace=blanks, **how))  # type: ignore[arg-type]


def _bare(row: list[str], dialect: Dialect) -> list[str]:
    """`row` without the outer bars and the rules of a table in plain text."""
    if dialect.delimiter != "|" or not row:
        return row
    if _RULE.fullmatch("|".join(row)):
        return []
    if not row[0].strip() and len(row) > 1:
        row = row[1:]
    return row[:-1] if len(row) > 1 and not row[-1].strip() else row
