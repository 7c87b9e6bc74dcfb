"""One list in hundreds of forms: delimiters, encodings, line ends, quotes, headers, quantities, layouts, workbooks.

A form is a name, a file's suffix and bytes, and what is to be read from it: the parts, or words of the line that
refuses it.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Rows = list[list[str]]
Parts = list[tuple[str, str, float | None, str]]

QUANTITIES = (1, 12, 2, 4, 2, 8)
HEADS = {
    "en": ["Pos", "Part number", "Name", "Qty", "Material"],
    "de": ["Pos.", "Sach-Nr.", "Benennung", "Menge", "Werkstoff"],
    "fr": ["Repère", "Référence", "Désignation", "Quantité", "Matière"],
    "es": ["Pos.", "Código", "Denominación", "Cantidad", "Material"],
    "it": ["Pos.", "Codice", "Denominazione", "Quantità", "Materiale"],
    "ru": ["Поз.", "Обозначение", "Наименование", "Кол.", "Материал"],
    "zh": ["序号", "图号", "名称", "数量", "材料"],
    "ja": ["番号", "品番", "品名", "個数", "材質"],
}
NAMES = {
    "en": ["Base plate", "Hex bolt M8x40", "Cover, upper", 'Ring 1/4"', "Rail; long", "Rubber foot"],
    "de": ["Grundplatte", "Schraube M8x40", "Gehäuse, groß", 'Ring 1/4"', "Führung; lang", "Fuß"],
    "fr": ["Plaque de base", "Vis à tête M8x40", "Boîte, côté", 'Joint 1/4"', "Rail; né", "Pied"],
    "es": ["Placa base", "Tornillo M8x40", "Tapa pequeña, 1", 'Junta 1/4"', "Guía; larga", "Pie"],
    "it": ["Piastra", "Vite M8x40", "Coperchio, lato", 'Giunto 1/4"', "Guida; lunga", "Piedino"],
    "ru": ["Плита опорная", "Болт М8х40", "Крышка, верхняя", 'Кольцо 1/4"', "Рейка; длинная", "Ножка"],
    "zh": ["底板", "六角螺栓 M8x40", "上盖, 左", '密封圈 1/4"', "导轨; 长", "橡胶脚"],
    "ja": ["ベース板", "六角ボルト M8x40", "上カバー, 左", 'リング 1/4"', "レール; 長", "ゴム足"],
}
MATERIALS = {
    "en": ["Steel", "Stainless steel", "Aluminium", "NBR", "Brass", "Rubber"],
    "de": ["S235JR", "1.4301", "EN AW-6082", "NBR", "Messing", "Gummi"],
    "fr": ["Acier", "Inox", "Aluminium", "NBR", "Laiton", "Caoutchouc"],
    "es": ["Acero", "Acero inoxidable", "Aluminio", "NBR", "Latón", "Goma"],
    "it": ["Acciaio", "Acciaio inox", "Alluminio", "NBR", "Ottone", "Gomma"],
    "ru": ["Сталь 45", "12Х18Н10Т", "Алюминий", "NBR", "Латунь", "Резина"],
    "zh": ["Q235", "304不锈钢", "铝合金", "NBR", "黄铜", "橡胶"],
    "ja": ["S45C", "SUS304", "A5052", "NBR", "真鍮", "ゴム"],
}
MARKED: dict[str, Callable[[str], bytes]] = {
    "utf-8": str.encode,
    "utf-8-sig": lambda text: text.encode("utf-8-sig"),
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-16-be with a mark": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "utf-16-le without": lambda text: text.encode("utf-16-le"),
    "utf-32": lambda text: text.encode("utf-32"),
}
OLD = {
    "de": ["cp1252", "cp850", "mac_roman", "iso8859_15"],
    "fr": ["cp1252", "cp850", "mac_roman"],
    "es": ["cp1252", "cp850", "mac_roman"],
    "it": ["cp1252", "cp850"],
    "ru": ["cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic"],
    "zh": ["gb18030"],
    "ja": ["cp932", "euc_jp", "iso2022_jp"],
}


@dataclass(frozen=True)
class Form:
    """`parts` as they are to be read; where there are none, `refused`: words of the line that says why."""

    name: str
    content: bytes
    parts: Parts
    refused: str = ""
    suffix: str = ".csv"


def rows_in(language: str) -> Rows:
    """The list in a language, its head first."""
    body = zip(NAMES[language], QUANTITIES, MATERIALS[language], strict=True)
    return [
        HEADS[language],
        *([str(at), f"A-10{at}", name, str(n), made] for at, (name, n, made) in enumerate(body, 1)),
    ]


def parts_in(language: str) -> Parts:
    """What is to be read of it."""
    return [(number, name, int(count), made) for _, number, name, count, made in rows_in(language)[1:]]


def text_of(rows: Rows, delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL, end: str = "\n") -> str:
    """`rows` as text."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(rows)
    return text.getvalue()


B, X = rows_in("en"), parts_in("en")
HEAD, BODY = B[0], B[1:]


def separated() -> Iterator[Form]:
    """Languages, delimiters, quoting, line ends; the encodings take turns."""
    kinds = itertools.cycle(MARKED)
    for language, cut, quoting, end in itertools.product(HEADS, ",;\t|", (0, 1), ("\n", "\r\n", "\r")):
        kind = next(kinds)
        content = MARKED[kind](text_of(rows_in(language), cut, quoting, end))
        yield Form(f"{language}, {cut!r}, {quoting}, {end!r}, {kind}", content, parts_in(language))
    for language, encodings in OLD.items():
        for encoding in encodings:
            content = text_of(rows_in(language), ";", end="\r\n").encode(encoding)
            yield Form(f"{language} in {encoding}", content, parts_in(language))


def headed() -> Iterator[Form]:
    """Headers as people write them."""
    heads = {
        "capitals": [text.upper() for text in HEAD],
        "small": [text.lower() for text in HEAD],
        "underscores": ["pos", "part_number", "name", "qty", "material"],
        "camels": ["Pos", "PartNumber", "PartName", "Qty", "Material"],
        "signs": ["Pos.", "Part-No.", "Part name:", "Qty.", "Material*"],
        "line breaks": ["Pos", "Part\nnumber", "Name\n(en)", "Qty\n[pcs]", "Material"],
        "units": ["Pos", "Part number", "Name", "Qty [pcs]", "Material"],
        "two languages": [
            "Pos",
            "Part number / Teilenummer",
            "Name / Benennung",
            "Qty / Menge",
            "Material / Werkstoff",
        ],
        "slips": ["Pos", "Part nubmer", "Nmae", "Quantiy", "Materail"],
        "wide letters": ["".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text) for text in HEAD],
        "blanks": [f"  {text}  " for text in HEAD],
        "marks nobody sees": [f"\u200b{text}\ufeff" for text in HEAD],
    }
    for name, head in heads.items():
        yield Form(f"head: {name}", text_of([head, *BODY]).encode(), X)
    yield Form("head: a row of units", text_of([HEAD, ["", "", "", "[pcs]", ""], *BODY]).encode(), X)
    yield Form("head: two languages, two rows", text_of([HEAD, HEADS["de"], *BODY]).encode(), X)
    for place, cells in ((3, "alt"), (4, "99"), (2, "Z")):
        rows = [[*row[:place], row[place - 1] if row is HEAD else cells, *row[place:]] for row in B]
        yield Form(f"head: {HEAD[place - 1]} twice", text_of(rows).encode(), X)


def counted() -> Iterator[Form]:
    """Quantities as people write them; what is none is no number."""
    ways: dict[str, Callable[[str], str]] = {
        "2,0": lambda n: n + ",0", "2,00": lambda n: n + ",00", "2.00": lambda n: n + ".00",
        "2,000": lambda n: n + ",000", "2 pcs": lambda n: n + " pcs", "2x": lambda n: n + "x",
        "x 2": lambda n: "x " + n, "2 Stk.": lambda n: n + " Stk.", "(2)": lambda n: f"({n})", "+2": lambda n: "+" + n,
        "0.2e1": lambda n: f"{int(n) / 10}e1", "002": lambda n: n.zfill(3), "'2": lambda n: "'" + n,
        '="2"': lambda n: f'="{n}"', "2 off": lambda n: n + " off", "2 pcs, no-break": lambda n: n + "\xa0pcs",
        "wide": lambda n: "".join(chr(ord(c) + 0xFEE0) for c in n), "2%": lambda n: n + "%",
    }  # fmt: skip
    for name, way in ways.items():
        rows = [HEAD, *([*row[:3], way(row[3]), row[4]] for row in BODY)]
        yield Form(f"quantity: {name}", text_of(rows, ";").encode(), X)
    for word in ("-2", "inf", "nan", "9" * 400, "=2*3", "as needed", "1e308", "#REF!"):
        rows = [HEAD, *([*row[:3], word, row[4]] for row in BODY)]
        yield Form(f"quantity: {word[:9]}", text_of(rows, ";").encode(), [(*part[:2], None, part[3]) for part in X])


def laid_out() -> Iterator[Form]:
    """The same rows elsewhere in the file, among others, or written otherwise."""
    layouts: dict[str, Rows] = {
        "titles": [["Gearbox 4711"], ["Date", "2024-01-01"], [], *B],
        "empty rows between": [row for pair in B for row in (pair, [])],
        "empty rows first": [[], [], [], *B],
        "an empty column first": [["", *row] for row in B],
        "empty columns between": [[cell for pair in row for cell in (pair, "")] for row in B],
        "empty cells at the end": [row + [""] * 6 for row in B],
        "300 empty cells": [row + [""] * 300 for row in B],
        "a sum": [*B, ["", "", "Total", "29", ""]],
        "the head again": [*B[:4], HEAD, *B[4:]],
        "columns turned": [row[::-1] for row in B],
        "no head": BODY,
        "blanks": [[f"  {cell}  " for cell in row] for row in B],
        "tabs": [[f"\t{cell}\t" for cell in row] for row in B],
        "no-break blanks": [[f"\xa0{cell}\xa0" for cell in row] for row in B],
        "marks nobody sees": [[f"\u200b{cell}" for cell in row] for row in B],
        "marks of bytes": [[f"\ufeff{cell}" for cell in row] for row in B],
        "decimal commas": [[*row, f"{at},5" if at else "Mass"] for at, row in enumerate(B)],
        "numbers as text": [HEAD, *([row[0], f'="{row[1]}"', *row[2:]] for row in BODY)],
    }
    for name, rows in layouts.items():
        yield Form(name, text_of(rows).encode(), X)
        yield Form(f"{name}, semicolons, utf-16", text_of(rows, ";", end="\r\n").encode("utf-16"), X)
    for name, sign in (
        ("line break", "\n"),
        ("both", "\r\n"),
        ("VT", "\v"),
        ("FF", "\f"),
        ("LS", "\u2028"),
        ("NEL", "\x85"),
    ):
        rows = [HEAD, *([*row[:2], row[2].replace(" ", sign, 1), *row[3:]] for row in BODY)]
        yield Form(f"{name} in cells", text_of(rows).encode(), X)
    yield Form("one part", text_of(B[:2]).encode(), X[:1])
    yield Form("the head below", text_of([*BODY[::-1], HEAD]).encode(), X[::-1])


def hinted() -> Iterator[Form]:
    """Hints of programs, marks, other quotes, ends that are cut off."""
    plain, cut = text_of(B), text_of(B, ";")
    few, parts = [row for row in B if not {",", ";"} & {*row[2]}], [part for part in X if not {",", ";"} & {*part[1]}]
    yield Form("sep= after a mark", b"\xef\xbb\xbfsep=;\r\n" + cut.encode(), X)
    yield Form("sep= in utf-16", ("sep=;\r\n" + cut).encode("utf-16"), X)
    yield Form("SEP=", b"SEP=;\n" + cut.encode(), X)
    yield Form("sep= in quotes", b'"sep=;"\n' + cut.encode(), X)
    yield Form("sep= a tab", b"sep=\t\n" + text_of(B, "\t").encode(), X)
    yield Form("two marks", b"\xef\xbb\xbf" * 2 + plain.encode(), X)
    yield Form("no end of line", plain.rstrip().encode(), X)
    yield Form("a page break", text_of(B[:4]).encode() + b"\f" + text_of(B[4:]).encode(), X)
    yield Form("the end of a file of DOS", plain.encode() + b"\x1a", X)
    for name, (first, last) in {"single": "''", "curly": "“”", "low": "„“", "angle": "«»"}.items():
        text = "\n".join(",".join(f"{first}{cell}{last}" for cell in row) for row in few)
        yield Form(f"{name} quotes", text.encode(), parts)
    text = "\n".join(",".join('"' + cell.replace('"', '\\"') + '"' for cell in row) for row in B)
    yield Form("backslashes before quotes", text.encode(), X)
    yield Form("two tabs", "\n".join("\t\t".join(row) for row in B).encode(), X)
    yield Form("columns of blanks", "\n".join("".join(cell.ljust(28) for cell in row) for row in few).encode(), parts)
    bars = [f"| {' | '.join(row)} |" for row in B]
    yield Form("Markdown", "\n".join([bars[0], "|" + "---|" * 5, *bars[1:]]).encode(), X)
    yield Form("org", "\n".join([bars[0], "|" + "-----+" * 4 + "-----|", *bars[1:]]).encode(), X)
    grid = [line for bar in bars for line in (bar, "+" + "----+" * 5)]
    yield Form("a grid", "\n".join(["+" + "----+" * 5, *grid]).encode(), X)
    german = rows_in("de")
    yield Form("utf-8 that is cut off", text_of([*german, ["7", "A-7", "Maß"]]).encode()[:-2],
               [*parts_in("de"), ("A-7", "Ma\ufffd", None, "")])  # fmt: skip
    yield Form("a damaged byte", text_of(german).encode().replace("ü".encode(), b"\xfc"),
               [(a, b.replace("ü", "\ufffd"), c, d) for a, b, c, d in parts_in("de")])  # fmt: skip


def other() -> Iterator[Form]:
    """What is no table of parts: a line that says so."""
    turned = [list(row) for row in zip(*B, strict=True)]
    objects = [dict(zip(HEAD, row, strict=True)) for row in BODY]
    page = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in B)
    yield Form("on its side", text_of(turned).encode(), [], "lies on its side")
    yield Form("a web page", f"<html><table>{page}</table></html>".encode(), [], "a web page", ".xls")
    yield Form("XML", f"<?xml version='1.0'?><list>{page}</list>".encode("utf-16"), [], "XML", ".xls")
    yield Form("JSON", json.dumps(objects).encode(), [], "is no table but JSON", ".json")
    yield Form("lines of JSON", "\n".join(map(json.dumps, objects)).encode(), [], "is no table but JSON", ".txt")
    yield Form("RTF", b"{\\rtf1\\ansi " + text_of(B).encode() + b"}", [], "RTF", ".txt")
    yield Form("PDF", b"%PDF-1.4\n" + text_of(B).encode(), [], "PDF", ".csv")
    yield Form("SYLK", b'ID;PWXL\nC;Y1;X1;K"Pos"\nE\n', [], "SYLK", ".slk")
    yield Form("DIF", b'TABLE\n0,1\n"EXCEL"\nDATA\n0,0\n""\n', [], "DIF", ".dif")
    for cut in (":", "^", "~", "\x1f"):
        yield Form(f"cells separated by {cut!r}", text_of(B, cut).encode(), [], "no table of parts")
    yield Form("YAML", "\n".join(f"- {row[2]}:\n    n: {row[3]}" for row in BODY).encode(), [], "no table of parts")
    yield Form("zero bytes", text_of(B).encode().replace(b"Hex", b"H\0ex"), [], "is no text")


def text_forms() -> list[Form]:
    """All forms that are text."""
    groups = (separated, headed, counted, laid_out, hinted, other)
    return [form for group in groups for form in group()]
