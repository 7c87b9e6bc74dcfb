"""Text files to rows: encodings, delimiters, quotes, line breaks, ragged rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from render.part_lists.delimited import read_rows
from render.part_lists.encodings import decode
from render.part_lists.headers import read_headers
from render.part_lists.quantities import read_quantity
from render.part_lists.reader import read_list

TEXTS = {
    "de": "Pos;Benennung;Stückzahl;Oberfläche\n1;Gehäuse;2;verzinkt\n",
    "fr": "Repère;Désignation;Qté;Matière\n1;Équerre;2;Acier\n",
    "ru": "Поз.;Обозначение;Наименование;Кол.\n1;АБВ.01;Вал;2\n",
    "zh": "序号,图号,名称,数量\n1,A-1,底板,2\n",
    "ja": "番号,品番,品名,個数\n1,A-1,シャフト,2\n",
}


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        *((language, "utf-8") for language in TEXTS),
        *((language, "utf-8-sig") for language in TEXTS),
        *((language, "utf-16") for language in TEXTS),
        *((language, "utf-16-le") for language in TEXTS if language in {"de", "fr"}),
        ("de", "cp1252"), ("fr", "cp1252"), ("ru", "cp1251"), ("ru", "koi8_r"), ("zh", "gb18030"), ("ja", "cp932"),
    ],
)  # fmt: skip
def test_encodings(language: str, encoding: str) -> None:
    text, _ = decode(TEXTS[language].encode(encoding), read_headers(None))
    assert text == TEXTS[language]


def test_what_is_no_text() -> None:
    with pytest.raises(ValueError, match="not text"):
        decode(bytes(range(256)) * 10, read_headers(None))


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a,b,c\n1,2,3\n", [["a", "b", "c"], ["1", "2", "3"]]),
        ("a;b;c\n1,5;2;3\n2,5;4;4\n", [["a", "b", "c"], ["1,5", "2", "3"], ["2,5", "4", "4"]]),
        ("a\tb\n1\t2\n", [["a", "b"], ["1", "2"]]),
        ("sep=;\na;b\n1;2\n", [[], ["a", "b"], ["1", "2"]]),
        ('a,b\n"x, y","1\n2"\n', [["a", "b"], ["x, y", "1\n2"]]),
        ('a\tb\n1/4" bolt\t2\n3" plate\t1\n', [["a", "b"], ['1/4" bolt', "2"], ['3" plate', "1"]]),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n", [["a ", "b "], [], ["1 ", "2 "]]),
        ("a,b\r1,2\r", [["a", "b"], ["1", "2"]]),
        ("a,b\n\n1,2\n", [["a", "b"], [], ["1", "2"]]),
        ("Name      Qty\nBolt M8   4\nNut M8    4\n", [["Name", "Qty"], ["Bolt M8", "4"], ["Nut M8", "4"]]),
    ],
)
def test_rows(text: str, rows: list[list[str]]) -> None:
    found = [[cell.strip(" ") for cell in row] for row in read_rows(text)[0]]
    assert [row for row in found if row or [] in rows] == [[cell.strip(" ") for cell in row] for row in rows]


def test_a_ragged_row_is_reported_and_never_shifted(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Pos,Name,Qty\n1,Plate,2\n2,Bolt, long,4\n3,Nut\n")
    first, ragged, short = read_list(path).parts
    assert any("4 cells, the header 3" in why for why in ragged.why)
    assert (ragged.row, ragged.name) == (3, "Bolt")
    assert (first.quantity, short.name, short.quantity) == (2, "Nut", None)


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("4", 4, ""), ("4x", 4, ""), ("x4", 4, ""), ("~30", 30, ""), ("1 pair", 1, "pair"),
        ('900"', 900, '"'), ("2,5 m", 2.5, "m"),
        ("10 шт.", 10, "шт"), ("3个", 3, "个"), ("2-3", 3, ""), ("1/2", 0.5, ""), ("½", 0.5, ""),
        ("ca. 5", 5, ""), ("1 000", 1000, ""),
        ("as needed", None, ""), ("", None, ""), ("M8", None, ""), ("4 (2 spare)", 4, ""), ("12,000", 12, ""),
    ],
)  # fmt: skip
def test_quantities_as_written(text: str, value: float | None, unit: str) -> None:
    found = read_quantity(text)
    assert (found.written, found.value, found.unit) == (text, value, unit)
