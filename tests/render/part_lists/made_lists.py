"""Part lists made in the style of real ones, with what a person would read in them: which rows are parts, which
column is what. `DEVELOPED` styles were looked at while the rules were written, `HELD_OUT` ones only measured.
"""

from __future__ import annotations

import csv
import io
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

import yaml

Cells = list[object]


@dataclass
class Made:
    """A list: sheets of rows, the rows (sheet, number from 1) that are parts, the role of each header, how it is
    saved."""

    sheets: dict[str, list[Cells]]
    parts: set[tuple[str, int]]
    roles: dict[str, str]
    suffix: str = ".csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    quoting: int = csv.QUOTE_MINIMAL
    merged: dict[str, list[str]] = field(default_factory=dict)

    def save(self, folder: Path, stem: str) -> Path:
        path = folder / f"{stem}{self.suffix}"
        if self.suffix == ".xlsx":
            self._xlsx(path)
        elif self.suffix == ".xls":
            self._xls(path)
        elif self.suffix == ".ods":
            self._ods(path)
        else:
            (rows,) = self.sheets.values()
            text = io.StringIO()
            if self.quoting == csv.QUOTE_NONE:
                for row in rows:
                    text.write(self.delimiter.join(map(str, row)) + "\r\n")
            else:
                csv.writer(text, delimiter=self.delimiter, quoting=self.quoting).writerows(rows)
            path.write_bytes(text.getvalue().encode(self.encoding))
        return path

    def _xlsx(self, path: Path) -> None:
        from openpyxl import Workbook

        book = Workbook()
        book.remove(book.active)
        for name, rows in self.sheets.items():
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append([None if cell == "" else cell for cell in row])
            for area in self.merged.get(name, ()):
                sheet.merge_cells(area)
        book.save(path)

    def _xls(self, path: Path) -> None:
        import xlwt

        book = xlwt.Workbook()
        for name, rows in self.sheets.items():
            sheet = book.add_sheet(name)
            for at, row in enumerate(rows):
                for place, cell in enumerate(row):
                    if cell != "":
                        sheet.write(at, place, cell)
        book.save(str(path))

    def _ods(self, path: Path) -> None:
        spaces = " ".join(
            f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
        )
        tables = ""
        for name, rows in self.sheets.items():
            cells = (
                "<table:table-row>"
                + "".join(
                    '<table:table-cell office:value-type="string"><text:p>'
                    + escape(str(cell))
                    + "</text:p></table:table-cell>"
                    if cell != ""
                    else "<table:table-cell/>"
                    for cell in row or [""]
                )
                + "</table:table-row>"
                for row in rows
            )
            tables += f'<table:table table:name="{name}">{"".join(cells)}</table:table>'
        body = f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
        kind = "application/vnd.oasis.opendocument.spreadsheet"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("mimetype", kind)
            archive.writestr("content.xml", f"<office:document-content {spaces}>{body}</office:document-content>")
            archive.writestr(
                "META-INF/manifest.xml",
                '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
                f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>',
            )


class Page:
    """Rows of one sheet; `part` marks those that are parts."""

    def __init__(self) -> None:
        self.rows: list[Cells] = []
        self.parts: set[int] = set()

    def add(self, *cells: object) -> None:
        self.rows.append(list(cells))

    def part(self, *cells: object) -> None:
        self.rows.append(list(cells))
        self.parts.add(len(self.rows))

    def made(self, roles: dict[str, str], name: str = "Sheet1", **how: object) -> Made:
        return Made({name: self.rows}, {(name, row) for row in self.parts}, roles, **how)  # type: ignore[arg-type]


_WORDS = yaml.safe_load(Path(__file__).with_name("words_of_lists.yaml").read_text(encoding="utf-8"))
NAMES, MATERIALS, BOUGHT = (_WORDS[key] for key in ("names", "materials", "bought"))

Style = Callable[[random.Random], Made]


def pick(rng: random.Random, lang: str, count: int) -> list[str]:
    return rng.sample(NAMES[lang], count)


# --- developed with -------------------------------------------------------------------------------------------------


def solidworks_xls(rng: random.Random) -> Made:
    page = Page()
    page.add("ITEM NO.", "PART NUMBER", "DESCRIPTION", "Material", "QTY.")
    for at, name in enumerate(pick(rng, "en", 12), 1):
        page.part(at, f"RA-{100 + at}-{rng.randint(10, 99)}", name, rng.choice(MATERIALS["en"]), rng.randint(1, 8))
    for at, name in enumerate(BOUGHT["en"], 13):
        page.part(at, f"B18.3.1M - {at} x 0.5", name, "Material <not specified>", rng.randint(2, 30))
    roles = {
        "ITEM NO.": "position",
        "PART NUMBER": "part_number",
        "DESCRIPTION": "name",
        "Material": "material",
        "QTY.": "quantity",
    }
    return page.made(roles, "BOM", suffix=".xls")


def solidworks_indented_txt(rng: random.Random) -> Made:
    page = Page()
    page.add("ITEM NO.", "PART NUMBER", "DESCRIPTION", "QTY.", "VENDOR")
    number = 0
    for top in range(1, 4):
        page.part(top, f"ASM {top}00", "", 1, "")
        for sub in range(1, rng.randint(3, 12)):
            number += 1
            page.part(
                f"{top}.{sub}", f"PN {number:04d}", f'PLATE 1/{rng.choice((2, 4, 8))}"', rng.randint(1, 5), "IN HOUSE"
            )
    roles = {"ITEM NO.": "position", "PART NUMBER": "part_number", "DESCRIPTION": "name", "QTY.": "quantity"}
    return page.made(roles, "", suffix=".txt", encoding="utf-16", delimiter="\t", quoting=csv.QUOTE_NONE)


def fusion360(rng: random.Random) -> Made:
    page = Page()
    page.add("Name", "Count", "Material", "Part Number", "Description", "Bounding Box")
    for name in pick(rng, "en", 14):
        box = f"{rng.randint(1, 90)}.0 x {rng.randint(1, 90)}.5 x 10.0"
        page.part(name, rng.randint(1, 4), rng.choice(["Steel", "ABS Plastic", "Aluminum 6061", "PLA"]), name, "", box)
    return page.made({"Name": "name", "Count": "quantity", "Material": "material"}, "")


def onshape(rng: random.Random) -> Made:
    page = Page()
    page.add("Item", "Quantity", "Part number", "Name", "Description", "Material", "Appearance")
    for at, name in enumerate(pick(rng, "en", 10), 1):
        page.part(
            at,
            rng.randint(1, 6),
            f"PRT-{at:05d}",
            name,
            "",
            rng.choice(["Aluminum - 6061", "ABS", "Steel", "Acetal"]),
            "Grey",
        )
    roles = {
        "Item": "position",
        "Quantity": "quantity",
        "Part number": "part_number",
        "Name": "name",
        "Material": "material",
    }
    return page.made(roles, "")


def german_erp(rng: random.Random) -> Made:
    page = Page()
    page.add("Stückliste 4711-00 Getriebemotor", "", "", "", "", "", "", "")
    page.add("Kunde:", "Muster GmbH", "", "Datum:", "12.03.2024", "", "", "")
    page.add()
    page.add("Ebene", "Pos.", "Sachnummer", "Benennung", "Menge", "ME", "Werkstoff", "Norm / Bemerkung")
    for top in range(1, 4):
        page.part(1, top * 10, f"47{top}1-{rng.randint(100, 999)} {top}", f"Baugruppe {top}", 1, "Stk", "", "")
        for sub, name in enumerate(pick(rng, "de", 4), 1):
            page.part(
                2,
                sub * 10,
                f"47{top}2-{sub:03d}/{rng.choice('AB')}",
                name,
                rng.randint(1, 4),
                "Stk",
                rng.choice(MATERIALS["de"]),
                "",
            )
            if sub == 2:
                page.part(3, 10, f"47{top}3-{sub:03d}", f"{name} Rohteil", 1, "Stk", "EN-GJL-250", "")
        page.part(2, 90, f"N{rng.randint(1000, 9999)}{top}", rng.choice(BOUGHT["de"]), "8", "Stk", "8.8", "DIN 912")
    roles = {
        "Ebene": "level",
        "Pos.": "position",
        "Sachnummer": "part_number",
        "Benennung": "name",
        "Menge": "quantity",
        "Werkstoff": "material",
    }
    return page.made(roles, "Stückliste", suffix=".xlsx", merged={"Stückliste": ["A1:H1"]})


def german_csv(rng: random.Random) -> Made:
    page = Page()
    page.add("Pos", "Menge", "Einheit", "Artikel-Nr.", "Bezeichnung", "Material", "Oberfläche", "Ersatzteil")
    for at, name in enumerate(pick(rng, "de", 15), 1):
        finish = rng.choice(["verzinkt", "schwarz eloxiert", "", "RAL 7035"])
        page.part(
            at,
            rng.randint(1, 9),
            "St.",
            f"{rng.randint(100000, 999999)}",
            name,
            rng.choice(MATERIALS["de"]),
            finish,
            rng.choice(["x", ""]),
        )
    roles = {
        "Pos": "position",
        "Menge": "quantity",
        "Artikel-Nr.": "part_number",
        "Bezeichnung": "name",
        "Material": "material",
        "Oberfläche": "surface",
        "Ersatzteil": "spare",
    }
    return page.made(roles, "", encoding="cp1252", delimiter=";")


def french_nomenclature(rng: random.Random) -> Made:
    page = Page()
    page.add("NOMENCLATURE - Réducteur", "", "", "", "", "")
    page.add("Rep", "Nb", "Désignation", "Matière", "Référence", "Observations")
    names = pick(rng, "fr", 12)
    for at in range(12, 0, -1):
        page.part(
            at, rng.randint(1, 4), names[at - 1], rng.choice(MATERIALS["fr"]), "", rng.choice(["", "Mécano-soudé"])
        )
    for at, name in enumerate(BOUGHT["fr"], 13):
        page.part(at, rng.randint(2, 8), name, "Classe 8.8", f"ISO-{at}", "Commerce")
    roles = {"Rep": "position", "Nb": "quantity", "Désignation": "name", "Matière": "material"}
    return page.made(roles, "Feuil1", suffix=".xlsx")


def eskd(rng: random.Random) -> Made:
    page = Page()
    page.add("Формат", "Зона", "Поз.", "Обозначение", "Наименование", "Кол.", "Примечание")
    page.add()
    page.add("", "", "", "", "Документация", "", "")
    page.add()
    page.add("А1", "", "", "АБВГ.301211.001 СБ", "Сборочный чертеж", "", "")
    page.add()
    page.add("", "", "", "", "Сборочные единицы", "", "")
    page.add()
    page.part("А3", "", 1, "АБВГ.301212.001", "Узел привода", 1, "")
    page.add()
    page.add("", "", "", "", "Детали", "", "")
    page.add()
    for at, name in enumerate(pick(rng, "ru", 9), 2):
        page.part("А4", "", at, f"АБВГ.7{rng.randint(10000, 99999)}.00{at}", name, rng.randint(1, 4), "")
    page.add()
    page.add("", "", "", "", "Стандартные изделия", "", "")
    page.add()
    for at, name in enumerate(BOUGHT["ru"], 12):
        start, cut, rest = name.partition(" ГОСТ")
        page.part("", "", at, "", start, rng.randint(2, 16), "")
        page.add("", "", "", "", f"ГОСТ{rest}" if cut else "", "", "")
    roles = {"Поз.": "position", "Обозначение": "part_number", "Наименование": "name", "Кол.": "quantity"}
    return page.made(roles, "", encoding="cp1251", delimiter=";")


def chinese(rng: random.Random) -> Made:
    page = Page()
    page.add("减速机零件明细表", "", "", "", "", "", "")
    page.add("项目名称：", "试验台", "", "日期", "2023-05-06", "", "")
    page.add("序号", "图号", "名称", "数量", "材料", "表面处理", "备注")
    for at, name in enumerate(pick(rng, "zh", 14), 1):
        page.part(
            at,
            f"JSJ-{rng.randint(1, 3)}{at:02d}-00",
            name,
            rng.randint(1, 6),
            rng.choice(MATERIALS["zh"]),
            rng.choice(["发黑", "阳极氧化", ""]),
            "",
        )
    for at, name in enumerate(BOUGHT["zh"], 15):
        page.part(at, f"GB/T {rng.randint(70, 900)}-2000", name, rng.randint(2, 20), "", "", "外购")
    page.add("", "", "合计", 99, "", "", "")
    page.add("编制：张三", "", "审核：", "", "批准：", "", "")
    roles = {
        "序号": "position",
        "图号": "part_number",
        "名称": "name",
        "数量": "quantity",
        "材料": "material",
        "表面处理": "surface",
    }
    return page.made(roles, "明细表", suffix=".xlsx")


def japanese(rng: random.Random) -> Made:
    page = Page()
    page.add("部品表", "", "", "", "", "")
    page.add("番号", "品番", "品名", "材質", "個数", "備考")
    for at, name in enumerate(pick(rng, "ja", 12), 1):
        page.part(
            at,
            f"KT-{rng.randint(1000, 9999)}-{at}",
            name,
            rng.choice(MATERIALS["ja"]),
            rng.randint(1, 4),
            rng.choice(["", "黒染め"]),
        )
    for at, name in enumerate(BOUGHT["ja"], 13):
        page.part(at, "", name, "", rng.randint(2, 8), "市販品")
    roles = {"番号": "position", "品番": "part_number", "品名": "name", "材質": "material", "個数": "quantity"}
    return page.made(roles, "", encoding="cp932")


def printer_shop(rng: random.Random) -> Made:
    page = Page()
    page.add("My printer BOM v1.2", "", "", "", "", "")
    page.add("", "", "", "", "", "")
    page.add("", "Part", "Qty", "Price", "Total", "Link")
    for section, names in {
        "Frame": pick(rng, "en", 4),
        "Hardware": BOUGHT["en"],
        "Electronics": ["Control board", "PSU 24 V", "Hotend"],
    }.items():
        page.add("", section, "", "", "", "")
        for name in names:
            page.part(
                "", name, rng.choice([1, 2, "~30", "1 pair", 4]), "$3.50", "$7.00", "https://www.aliexpress.com/item/1"
            )
        page.add("", "", "", "", 0, "")
    page.add("", "Shipping", "", "", "$25.00", "")
    page.add("", "Total", "", "", "$312.20", "")
    page.add("", "Note: prices are from last year", "", "", "", "")
    return page.made({"Part": "name", "Qty": "quantity", "Price": "price", "Link": "link"}, "")


def several_sheets(rng: random.Random) -> Made:
    cover = Page()
    cover.add("Robot arm")
    cover.add("Author", "A. Maker")
    cover.add("Revision", "C")
    prices = Page()
    prices.add("Supplier", "Order total", "Shipping")
    prices.add("McMaster", "120.00", "12.00")
    prices.add("Misumi", "80.00", "9.00")
    first, second = Page(), Page()
    for page, names, start in ((first, pick(rng, "en", 8), 100), (second, BOUGHT["en"], 500)):
        page.add("Part No", "Part Name", "Quantity", "Material", "Process")
        for at, name in enumerate(names):
            page.part(f"RX-{start + at}", name, rng.randint(1, 5), rng.choice(MATERIALS["en"]), "CNC")
    sheets = {"Cover": cover, "Prices": prices, "Machined": first, "Purchased": second}
    parts = {(name, row) for name, page in sheets.items() for row in page.parts}
    roles = {"Part No": "part_number", "Part Name": "name", "Quantity": "quantity", "Material": "material"}
    return Made({name: page.rows for name, page in sheets.items()}, parts, roles, ".xlsx")


def group_headers(rng: random.Random) -> Made:
    page = Page()
    page.add("", "", "Part", "", "", "Supplier", "", "")
    page.add("", "Item", "Number", "Description", "Qty", "Name", "Part Number", "Price")
    for at, name in enumerate(pick(rng, "en", 10), 1):
        page.part(
            "",
            at,
            f"{rng.randint(10, 99)}-{at:03d}-A",
            name,
            rng.randint(1, 9),
            rng.choice(["Misumi", "RS"]),
            f"MS{at}{rng.randint(100, 999)}",
            3.5,
        )
    page.add("", "", "", "TOTAL", "", "", "", 35)
    roles = {"Item": "position", "Number": "part_number", "Description": "name", "Qty": "quantity"}
    return page.made(roles, "List", suffix=".xlsx", merged={"List": ["C1:E1", "F1:H1"]})


def tables_below(rng: random.Random) -> Made:
    page = Page()
    page.add("Printed parts", "", "", "")
    page.add("File", "Qty", "Material", "Color")
    for name in pick(rng, "en", 6):
        page.part(
            f"{name.lower().replace(' ', '_')}.stl",
            rng.randint(1, 4),
            rng.choice(["PLA", "PETG", "ABS"]),
            rng.choice(["black", "red"]),
        )
    page.add("", "", "", "")
    page.add("Hardware", "", "", "")
    page.add("Item", "Quantity", "Notes", "Link")
    for name in BOUGHT["en"]:
        page.part(name, rng.randint(2, 30), "", "https://example.com/x")
    roles = {
        "File": "file",
        "Qty": "quantity",
        "Material": "material",
        "Color": "color",
        "Item": "name",
        "Quantity": "quantity",
    }
    return page.made(roles, "")


def material_is_a_name(rng: random.Random) -> Made:
    page = Page()
    page.add("No", "Material", "Quantity", "Remarks")
    for at, name in enumerate([*pick(rng, "en", 8), *BOUGHT["en"]], 1):
        page.part(at, name, rng.randint(1, 9), "")
    return page.made({"No": "position", "Material": "name", "Quantity": "quantity"}, "")


def sap(rng: random.Random) -> Made:
    page = Page()
    page.add("Posnr", "Ptyp", "Komponente", "Objektkurztext", "Komponentenmenge", "ME", "Gültig ab")
    for at, name in enumerate(pick(rng, "de", 12), 1):
        page.part(
            f"{at * 10:04d}",
            "L",
            f"1000{rng.randint(1000, 9999)}{at}",
            name,
            f"{rng.randint(1, 9)},000",
            "ST",
            "01.01.2020",
        )
    roles = {"Posnr": "position", "Komponente": "part_number", "Objektkurztext": "name", "Komponentenmenge": "quantity"}
    return page.made(roles, "", delimiter="\t", suffix=".txt", encoding="cp1252")


# --- rougher, written before they were tried --------------------------------------------------------------------------


def voron_like(rng: random.Random) -> Made:
    p = Page()
    p.add("Category", "Description", "Qty (250)", "Qty (300)", "Qty (350)", "Notes", "US source", "EU source")
    for c, ns in {
        "Motion": pick(rng, "en", 5),
        "Fasteners": BOUGHT["en"],
        "Electronics": ["Raspberry Pi", "PSU", "SSR"],
    }.items():
        for n in ns:
            p.part(
                c, n, rng.randint(1, 9), rng.randint(1, 9), rng.randint(1, 9), "", "https://a.com/x", "https://b.de/y"
            )
        p.add("", "", "", "", "", "", "", "")
    return p.made({"Category": "kind", "Description": "name", "Qty (250)": "quantity"}, "")


def checkbox(rng: random.Random) -> Made:
    p = Page()
    p.add("", "", "Item", "Amount", "Total cost", "Where")
    for n in [*pick(rng, "en", 6), *BOUGHT["en"]]:
        p.part("TRUE", "", n, rng.randint(1, 5), "12.30 €", "ebay")
    p.add("", "", "", "Sum", "55.10 €", "")
    return p.made({"Item": "name", "Amount": "quantity"}, "")


def header_is_section(rng: random.Random) -> Made:
    p = Page()
    for c, ns in {"Screws": BOUGHT["en"], "Printed parts": pick(rng, "en", 5)}.items():
        p.add(c, "Quantity", "Link")
        for n in ns:
            p.part(n, rng.randint(1, 9), "https://x.com")
        p.add("", "", "")
    return p.made({"Quantity": "quantity"}, "")


def ultimaker(rng: random.Random) -> Made:
    p = Page()
    p.add("Bill of materials Printer 2", "", "", "")
    p.add("Version 1.3", "", "", "")
    p.add()
    p.add("Article number", "Article description", "Qty", "Remark")
    for n in [*pick(rng, "en", 9), *BOUGHT["en"]]:
        p.part(rng.randint(1000, 1999) + len(p.rows) * 2000, n, rng.randint(1, 4), "")
    return p.made(
        {"Article number": "part_number", "Article description": "name", "Qty": "quantity"}, "BOM", suffix=".xls"
    )


def lulz(rng: random.Random) -> Made:
    p = Page()
    p.add("LulzBot", "", "", "", "", "")
    p.add("", "Part Number", "Quantity", "Description", "Vendor", "Vendor PN")
    for s in ("X Axis", "Y Axis"):
        p.add(s, "", "", "", "", "")
        for n in pick(rng, "en", 5):
            p.part("", f"PP-{s[0]}{len(p.rows):04d}", rng.randint(1, 4), n, "Aleph", "")
    return p.made(
        {"Part Number": "part_number", "Quantity": "quantity", "Description": "name", "Vendor PN": "supplier_number"},
        "Sheet 1",
        suffix=".xlsx",
    )


def rover(rng: random.Random) -> Made:
    p = Page()
    p.add(
        "Part Name",
        "Reference",
        "Qty per",
        "Number of assemblies",
        "Qty total",
        "Vendor",
        "Vendor part number",
        "Unit price",
        "Total price",
        "Notes",
    )
    for i, n in enumerate([*pick(rng, "en", 8), *BOUGHT["en"]]):
        p.part(n, f"S{i + 1}", rng.randint(1, 4), 1, rng.randint(1, 4), "McMaster", f"9{i}A{i}45", "$1", "$2", "")
    p.add("", "", "", "", "", "", "", "Total", "$99", "")
    return p.made({"Part Name": "name", "Vendor part number": "supplier_number"}, "")


def german_hand(rng: random.Random) -> Made:
    p = Page()
    p.add("Stückliste Drehmaschine")
    p.add()
    p.add("Stk.", "Bezeichnung", "Abmessung", "Werkstoff", "Bestellnr.", "Lieferant", "Preis", "Gesamt")
    for n in [*pick(rng, "de", 7), *BOUGHT["de"]]:
        p.part(rng.randint(1, 4), n, "20x30x100", rng.choice(MATERIALS["de"]), "", "", "1,20 €", "2,40 €")
    p.add("", "", "", "", "", "", "Summe:", "33,60 €")
    p.add("", "", "", "", "", "zzgl. MwSt.", "", "6,38 €")
    return p.made(
        {"Stk.": "quantity", "Bezeichnung": "name", "Werkstoff": "material", "Abmessung": "size"},
        "",
        encoding="cp1252",
        delimiter=";",
    )


def fr_levels(rng: random.Random) -> Made:
    p = Page()
    p.add("Niv", "Repère", "Code article", "Désignation", "Qté", "Unité", "Matière", "Traitement")
    for t in range(1, 3):
        p.part(1, t, f"ENS{t:03d}", "Ensemble " + str(t), 1, "U", "", "")
        for i, n in enumerate(pick(rng, "fr", 5), 1):
            p.part(
                2,
                f"{t}.{i}",
                f"PCE{t}{i:03d}",
                n,
                rng.randint(1, 4),
                "U",
                rng.choice(MATERIALS["fr"]),
                rng.choice(["Zingué", "Anodisé", ""]),
            )
    return p.made(
        {
            "Niv": "level",
            "Repère": "position",
            "Code article": "part_number",
            "Désignation": "name",
            "Qté": "quantity",
            "Matière": "material",
            "Traitement": "surface",
        },
        "",
        encoding="cp1252",
        delimiter=";",
    )


def zh_title_block(rng: random.Random) -> Made:
    p = Page()
    p.add("产品名称", "减速器", "", "产品图号", "JSQ-00", "", "共1页")
    p.add("序", "代号", "名称", "数量", "材料", "单件", "总计", "备注")
    p.add("", "", "", "", "", "重量", "重量", "")
    for i, n in enumerate(pick(rng, "zh", 10), 1):
        p.part(i, f"JSQ-{i:02d}", n, rng.randint(1, 3), rng.choice(MATERIALS["zh"]), "0.5", "1.0", "")
    return p.made(
        {"序": "position", "代号": "part_number", "名称": "name", "数量": "quantity", "材料": "material"},
        "Sheet1",
        suffix=".xls",
    )


def ja_units(rng: random.Random) -> Made:
    p = Page()
    p.add("ユニット名：搬送部", "", "", "", "")
    p.add("符号", "部品名", "材質", "個数", "摘要")
    for i, n in enumerate([*pick(rng, "ja", 9), *BOUGHT["ja"]], 1):
        p.part(i, n, rng.choice(MATERIALS["ja"]) if i < 10 else "", rng.randint(1, 3), "")
    return p.made(
        {"符号": "position", "部品名": "name", "材質": "material", "個数": "quantity"}, "部品", suffix=".xlsx"
    )


def multi_line_cells(rng: random.Random) -> Made:
    p = Page()
    p.add("Item\nNo.", "Part\nNumber", "Description", "Qty\n(per unit)", "Material\n/ Finish")
    for i, n in enumerate(pick(rng, "en", 8), 1):
        p.part(i, f"AB-{i:03d}", f"{n},\nsee drawing", rng.randint(1, 4), "Aluminum 6061\nanodized black")
    return p.made(
        {
            "Item No.": "position",
            "Part Number": "part_number",
            "Description": "name",
            "Qty (per unit)": "quantity",
            "Material / Finish": "material",
        },
        "",
    )


def qty_first_no_head_words(rng: random.Random) -> Made:
    p = Page()
    p.add("QTY", "PART", "MATERIAL", "CUT LENGTH")
    for n in pick(rng, "en", 9):
        p.part(
            f"{rng.randint(1, 4)}",
            n,
            rng.choice(["1x2 pine", "PLYWOOD 12mm", "ALU TUBE", "MDF"]),
            f'{rng.randint(3, 90)}"',
        )
    return p.made(
        {"QTY": "quantity", "PART": "name", "MATERIAL": "material"},
        "",
        suffix=".txt",
        delimiter="\t",
        quoting=csv.QUOTE_NONE,
    )


def two_side_by_side(rng: random.Random) -> Made:
    p = Page()
    p.add("Printed", "Qty", "", "Hardware", "Qty")
    a, b = pick(rng, "en", 5), BOUGHT["en"]
    for x, y in zip(a, b, strict=True):
        p.part(x, 1, "", y, 2)
    return p.made({}, "")


def bad_middle_rows(rng: random.Random) -> Made:
    p = Page()
    p.add("No", "Part", "Type", "Source", "Qty")
    for i, n in enumerate(pick(rng, "en", 10), 1):
        p.part(
            i,
            n,
            rng.choice(["Printed", "Standard", "Purchased", "Assembly"]),
            rng.choice(["Make", "Buy"]),
            rng.randint(1, 3),
        )
    return p.made({"No": "position", "Part": "name", "Qty": "quantity"}, "")


def item_only_numbers_partnum(rng: random.Random) -> Made:
    p = Page()
    p.add("Find No", "Part No", "Nomenclature", "Qty Reqd", "Matl", "Spec")
    for i, n in enumerate(pick(rng, "en", 9), 1):
        p.part(
            i,
            rng.randint(10000, 99999),
            n.upper(),
            rng.randint(1, 4),
            rng.choice(["AL 6061-T6", "CRES 303", "STL", "NYLON"]),
            "MIL-A-1",
        )
    return p.made(
        {
            "Find No": "position",
            "Part No": "part_number",
            "Nomenclature": "name",
            "Qty Reqd": "quantity",
            "Matl": "material",
        },
        "",
    )


def optional_zero(rng: random.Random) -> Made:
    p = Page()
    p.add("Parts List", "", "", "")
    p.add("Name", "Quantity", "Comment", "Total qty")
    for n in pick(rng, "en", 8):
        p.part(n, rng.choice(["0 (optional)", "1 set", "2-3", "4x", "as needed"]), "", 0)
    p.add("", "", "", 0)
    p.add("", "", "", 0)
    return p.made({"Name": "name", "Quantity": "quantity"}, "", delimiter=";")


def ru_hand(rng: random.Random) -> Made:
    p = Page()
    p.add("Список деталей робота")
    p.add("Деталь", "Кол-во", "Ссылка", "Цена, руб.")
    p.add("Печатные детали", "", "", "")
    for n in pick(rng, "ru", 6):
        p.part(n, rng.randint(1, 4), "", "")
    p.add("Крепёж", "", "", "")
    for n in BOUGHT["ru"]:
        p.part(n, f"{rng.randint(2, 9)} шт.", "https://ali.ru", "120")
    p.add("Доставка", "", "", "300")
    p.add("Итого", "", "", "1520")
    return p.made({"Деталь": "name", "Кол-во": "quantity"}, "", encoding="cp1251", delimiter=";")


# --- held out -------------------------------------------------------------------------------------------------------


def inventor(rng: random.Random) -> Made:
    page = Page()
    page.add("Item", "Part Number", "BOM Structure", "Unit QTY", "QTY", "Stock Number", "Description", "REV")
    for at, name in enumerate(pick(rng, "en", 12), 1):
        page.part(
            at,
            f"{name.upper()}-{at:02d}",
            rng.choice(["Normal", "Purchased"]),
            "Each",
            rng.randint(1, 5),
            "",
            name,
            "A",
        )
    roles = {
        "Item": "position",
        "Part Number": "part_number",
        "BOM Structure": "kind",
        "QTY": "quantity",
        "Description": "name",
    }
    return page.made(roles, "Sheet1", suffix=".xls")


def freecad(rng: random.Random) -> Made:
    page = Page()
    page.add("Index", "Name", "Description", "File Name", "Quantity")
    for index, name in enumerate(pick(rng, "en", 9), 1):
        page.part(index, name, "", f"{name.replace(' ', '_')}.FCStd", rng.randint(1, 3))
    return page.made(
        {"Index": "position", "Name": "name", "File Name": "file", "Quantity": "quantity"},
        "",
        delimiter="\t",
        suffix=".tsv",
    )


def creo_levels(rng: random.Random) -> Made:
    page = Page()
    page.add("Bill of Material for GEARBOX.ASM")
    page.add()
    page.add("Level", "Number", "Name", "Version", "State", "Quantity", "Unit")
    page.part(0, "GB-0001", "GEARBOX", "A.1", "RELEASED", 1, "each")
    for top in range(1, 4):
        page.part(1, f"GB-{top}000", f"SUBASSY {top}", "A.1", "RELEASED", 1, "each")
        for sub, name in enumerate(pick(rng, "en", 4), 1):
            page.part(2, f"GB-{top}{sub:03d}", name.upper(), "B.2", "IN WORK", rng.randint(1, 8), "each")
    roles = {"Level": "level", "Number": "part_number", "Name": "name", "Quantity": "quantity", "Unit": "unit"}
    return page.made(roles, "", delimiter=",")


def spanish(rng: random.Random) -> Made:
    page = Page()
    page.add("LISTA DE MATERIALES", "", "", "", "", "")
    page.add()
    page.add("Marca", "Cantidad", "Denominación", "Nº Plano", "Material", "Observaciones")
    for at, name in enumerate(pick(rng, "es", 11), 1):
        page.part(at, rng.randint(1, 4), name, f"PL-{at:03d}-{rng.randint(1, 9)}", rng.choice(MATERIALS["es"]), "")
    for at, name in enumerate(BOUGHT["es"], 12):
        page.part(at, rng.randint(2, 9), name, "", "8.8", "Comercial")
    roles = {
        "Marca": "position",
        "Cantidad": "quantity",
        "Denominación": "name",
        "Nº Plano": "part_number",
        "Material": "material",
    }
    return page.made(roles, "Hoja1", suffix=".ods")


def italian(rng: random.Random) -> Made:
    page = Page()
    page.add("Pos.", "Codice", "Descrizione", "Q.tà", "Materiale", "Trattamento", "Fornitore")
    for at, name in enumerate(pick(rng, "it", 13), 1):
        page.part(
            at,
            f"{rng.randint(10, 99)}.{at:03d}.00",
            name,
            rng.randint(1, 4),
            rng.choice(MATERIALS["it"]),
            rng.choice(["Zincatura bianca", "Anodizzazione", "-"]),
            "",
        )
    roles = {
        "Pos.": "position",
        "Codice": "part_number",
        "Descrizione": "name",
        "Q.tà": "quantity",
        "Materiale": "material",
        "Trattamento": "surface",
    }
    return page.made(roles, "", encoding="cp1252", delimiter=";")


def russian_table(rng: random.Random) -> Made:
    page = Page()
    page.add("Спецификация покупных и изготавливаемых деталей")
    page.add("№ п/п", "Наименование", "Обозначение", "Материал", "Кол-во, шт", "Масса, кг", "Покрытие", "Примечание")
    for at, name in enumerate(pick(rng, "ru", 12), 1):
        page.part(
            at,
            name,
            f"РМ.{rng.randint(1, 9)}.{at:02d}.000",
            rng.choice(MATERIALS["ru"]),
            rng.randint(1, 6),
            f"0,{rng.randint(10, 99)}",
            rng.choice(["Ц9.хр", "Хим.Окс", ""]),
            "",
        )
    page.add("", "Итого:", "", "", 42, "12,5", "", "")
    roles = {
        "№ п/п": "position",
        "Наименование": "name",
        "Обозначение": "part_number",
        "Материал": "material",
        "Кол-во, шт": "quantity",
        "Покрытие": "surface",
    }
    return page.made(roles, "Лист1", suffix=".xlsx")


def chinese_csv(rng: random.Random) -> Made:
    page = Page()
    page.add("项次", "物料编码", "物料名称", "规格型号", "单位", "用量", "材质", "供应商", "单价")
    for at, name in enumerate([*pick(rng, "zh", 9), *BOUGHT["zh"]], 1):
        page.part(
            at,
            f"1{rng.randint(10000, 99999)}{at:02d}",
            name,
            f"{rng.randint(10, 90)}x{rng.randint(10, 90)}",
            rng.choice(["件", "个", "PCS"]),
            rng.randint(1, 9),
            rng.choice(["", *MATERIALS["zh"]]),
            "",
            "3.20",
        )
    roles = {
        "项次": "position",
        "物料编码": "part_number",
        "物料名称": "name",
        "单位": "unit",
        "用量": "quantity",
        "材质": "material",
    }
    return page.made(roles, "", encoding="gb18030")


def japanese_xlsx(rng: random.Random) -> Made:
    page = Page()
    for _ in range(2):
        page.add()
    page.add("", "No.", "図面番号", "名称", "型式", "員数", "材料", "処理", "メーカー")
    for at, name in enumerate(pick(rng, "ja", 10), 1):
        page.part(
            "",
            at,
            f"D{rng.randint(100, 999)}-{at:03d}",
            name,
            "",
            rng.randint(1, 4),
            rng.choice(MATERIALS["ja"]),
            rng.choice(["白アルマイト", "黒染め", ""]),
            "",
        )
    for at, name in enumerate(BOUGHT["ja"], 11):
        page.part("", at, "", name, f"SC{at}-10", rng.randint(1, 9), "", "", "ミスミ")
    roles = {
        "No.": "position",
        "図面番号": "part_number",
        "名称": "name",
        "員数": "quantity",
        "材料": "material",
        "処理": "surface",
    }
    return page.made(roles, "部品表", suffix=".xlsx")


def robot_readme(rng: random.Random) -> Made:
    page = Page()
    page.add("| Component | Quantity | Where to buy | Approx. cost |")
    page.add("|---|:-:|---|--:|")
    for name in [*pick(rng, "en", 5), *BOUGHT["en"]]:
        page.part(f"| {name} | {rng.randint(1, 12)} | [Amazon](https://amazon.com/x) | $4 |")
    return page.made(
        {"Component": "name", "Quantity": "quantity"}, "", suffix=".txt", delimiter="|", quoting=csv.QUOTE_NONE
    )


def indented_names(rng: random.Random) -> Made:
    page = Page()
    page.add("Component", "Qty", "Material")
    page.part("Machine", 1, "")
    for top in range(3):
        page.part(f"    Module {top}", 1, "")
        for name in pick(rng, "en", 4):
            page.part(f"        {name} {top}", rng.randint(1, 3), rng.choice(MATERIALS["en"]))
    return page.made({"Component": "name", "Qty": "quantity", "Material": "material"}, "BOM", suffix=".xlsx")


def drone_sheet(rng: random.Random) -> Made:
    page = Page()
    page.add("Bill of Materials", "", "", "", "", "", "")
    page.add("Last updated", "2022-01-05", "", "", "", "", "")
    page.add("", "", "", "", "", "", "")
    page.add(
        "Category",
        "Item",
        "Supplier",
        "Supplier Part Number",
        "Quantity Needed",
        "Unit Cost (USD)",
        "Extended Cost (USD)",
    )
    for kind, names in {"Mechanical": pick(rng, "en", 6), "Fasteners": BOUGHT["en"]}.items():
        for at, name in enumerate(names):
            page.part(
                kind if at == 0 else "",
                name,
                "McMaster-Carr",
                f"9{rng.randint(1000, 9999)}A{rng.randint(100, 999)}",
                rng.randint(1, 20),
                1.25,
                2.5,
            )
    page.add("", "", "", "", "Subtotal", "", 88.5)
    page.add("", "", "", "", "Tax", "", 7.2)
    page.add("", "", "", "", "Grand Total", "", 95.7)
    roles = {
        "Category": "kind",
        "Item": "name",
        "Supplier Part Number": "supplier_number",
        "Quantity Needed": "quantity",
    }
    return page.made(roles, "", delimiter=",")


def bilingual(rng: random.Random) -> Made:
    page = Page()
    page.add("Pos.", "Stückzahl", "Benennung", "Zeichnungs-Nr.", "Werkstoff", "Gewicht")
    page.add("Item", "Qty.", "Description", "Drawing no.", "Material", "Weight")
    page.add("", "", "", "", "", "[kg]")
    for at, name in enumerate(pick(rng, "de", 12), 1):
        page.part(
            at,
            rng.randint(1, 4),
            name,
            f"{rng.randint(1, 9)}-{rng.randint(100000, 999999)}-{at}",
            rng.choice(MATERIALS["de"]),
            0.35,
        )
    roles = {
        "Pos.": "position",
        "Stückzahl": "quantity",
        "Benennung": "name",
        "Zeichnungs-Nr.": "part_number",
        "Werkstoff": "material",
    }
    return page.made(roles, "Stückliste", suffix=".xls")


def catia(rng: random.Random) -> Made:
    page = Page()
    page.add("Bill of Material: Product1", "", "", "")
    page.add("Quantity", "Part Number", "Type", "Nomenclature", "Revision")
    for at, name in enumerate(pick(rng, "en", 8), 1):
        page.part(rng.randint(1, 3), f"{name.replace(' ', '_')}_{at}", "Part", name, "")
    page.add()
    page.add("Recapitulation of: Product1")
    page.add("Different parts: 8", "", "", "")
    page.add("Total parts: 12", "", "", "")
    roles = {"Quantity": "quantity", "Part Number": "part_number", "Nomenclature": "name"}
    return page.made(roles, "", suffix=".txt", delimiter="\t")


def machine_sections(rng: random.Random) -> Made:
    page = Page()
    page.add("Anz.", "Teil", "Werkstoff / Halbzeug", "Bemerkung")
    for section in ("Achse X", "Achse Y", "Gestell"):
        page.add(section, "", "", "")
        for name in pick(rng, "de", 5):
            page.part(f"{rng.randint(1, 4)}x", f"{name} {section[-1]}", rng.choice(MATERIALS["de"]), "")
        page.add("", "", "", "")
    roles = {"Anz.": "quantity", "Teil": "name", "Werkstoff / Halbzeug": "material"}
    return page.made(roles, "", encoding="cp1252", delimiter=";")


def headerless(rng: random.Random) -> Made:
    page = Page()
    for at, name in enumerate(pick(rng, "en", 12), 1):
        page.part(at, f"QX-{rng.randint(1000, 9999)}", name, rng.randint(1, 6))
    return page.made({}, "")


# --- measured once before anything was changed for them: rows right in 28 of 34, columns in 90 of 108 ----------------


def sw_config(rng: random.Random) -> Made:
    p = Page()
    p.add("ITEM NO.", "PART NUMBER", "SW-Material(Material)", "Default/QTY.", "Finish")
    for i, n in enumerate(pick(rng, "en", 9), 1):
        p.part(i, n, rng.choice(MATERIALS["en"]), rng.randint(1, 4), rng.choice(["", "Black oxide"]))
    return p.made(
        {"ITEM NO.": "position", "SW-Material(Material)": "material", "Default/QTY.": "quantity", "Finish": "surface"},
        "",
    )


def fusion_addin(rng: random.Random) -> Made:
    p = Page()
    p.add(
        "Part Name",
        "Quantity",
        "Volume cm^3",
        "Width",
        "Length",
        "Height",
        "Area",
        "Mass",
        "Density",
        "Material",
        "Description",
        "",
    )
    for n in pick(rng, "en", 12):
        p.part(
            n + " v" + str(rng.randint(1, 9)),
            rng.randint(1, 3),
            "1.23",
            "10",
            "20",
            "30",
            "2.2",
            "9.8",
            "0.007",
            "Steel",
            "",
            "",
        )
    return p.made({"Part Name": "name", "Quantity": "quantity", "Material": "material"}, "", quoting=csv.QUOTE_ALL)


def zh_en(rng: random.Random) -> Made:
    p = Page()
    p.add("BOM 清单")
    p.add("序号\nNo.", "图号 Part No.", "名称 Name", "材质 Material", "数量 Qty", "备注 Remark")
    for i, n in enumerate(pick(rng, "zh", 9), 1):
        p.part(i, f"SF-{i:03d}", n, rng.choice(MATERIALS["zh"]), rng.randint(1, 4), "")
    return p.made(
        {
            "序号 No.": "position",
            "图号 Part No.": "part_number",
            "名称 Name": "name",
            "材质 Material": "material",
            "数量 Qty": "quantity",
        },
        "清单",
        suffix=".xlsx",
    )


def header_at_bottom(rng: random.Random) -> Made:
    p = Page()
    ns = pick(rng, "fr", 9)
    for i in range(9, 0, -1):
        p.part(i, rng.randint(1, 4), ns[i - 1], rng.choice(MATERIALS["fr"]), "")
    p.add("Rep.", "Nb.", "Désignation", "Matière", "Observation")
    return p.made(
        {"Rep.": "position", "Nb.": "quantity", "Désignation": "name", "Matière": "material"},
        "",
        encoding="cp1252",
        delimiter=";",
    )


def assembly_part_columns(rng: random.Random) -> Made:
    p = Page()
    p.add("Assembly", "Part", "Quantity", "Source")
    for a in ("X axis", "Y axis", "Base"):
        p.add(a, "", "", "")
        for n in pick(rng, "en", 4):
            p.part("", n + " " + a[0], rng.randint(1, 4), "printed")
    return p.made({"Part": "name", "Quantity": "quantity"}, "")


def total_on_top(rng: random.Random) -> Made:
    p = Page()
    p.add("", "Total cost:", "$213.20", "", "", "")
    p.add("", "", "", "", "", "")
    p.add("Qty", "Item Description", "Vendor", "Vendor P/N", "Unit cost", "Ext. cost")
    for n in [*pick(rng, "en", 5), *BOUGHT["en"]]:
        p.part(rng.randint(1, 5), n, "Amazon", "B0" + str(rng.randint(1000, 9999)), "$1.20", "$2.40")
    return p.made({"Qty": "quantity", "Item Description": "name", "Vendor P/N": "supplier_number"}, "")


def second_part_number(rng: random.Random) -> Made:
    p = Page()
    p.add("Part Number", "Description", "Qty", "Manufacturer", "Part Number", "Notes")
    for i, n in enumerate(pick(rng, "en", 8), 1):
        p.part(f"ORB-{i:04d}", n, rng.randint(1, 4), "SKF", f"{rng.randint(6000, 6999)}-2RS", "")
    return p.made({"Description": "name", "Qty": "quantity"}, "")


def comments_on_top(rng: random.Random) -> Made:
    p = Page()
    p.add("# Parts of the machine")
    p.add("# exported 2021")
    p.add("name", "count", "material", "color")
    for n in pick(rng, "en", 7):
        p.part(
            n.lower().replace(" ", "_"), rng.randint(1, 3), rng.choice(["pla", "petg"]), rng.choice(["black", "orange"])
        )
    return p.made({"name": "name", "count": "quantity", "material": "material", "color": "color"}, "")


def merged_qty(rng: random.Random) -> Made:
    p = Page()
    p.add("Pos.", "Benennung", "Menge", "", "Werkstoff", "Gewicht", "")
    p.add("", "", "je BG", "gesamt", "", "Einzel", "gesamt")
    for i, n in enumerate(pick(rng, "de", 9), 1):
        p.part(i, n, rng.randint(1, 3), rng.randint(1, 9), rng.choice(MATERIALS["de"]), 0.2, 0.4)
    return p.made(
        {"Pos.": "position", "Benennung": "name", "Werkstoff": "material"},
        "T",
        suffix=".xlsx",
        merged={"T": ["C1:D1", "F1:G1", "A1:A2", "B1:B2", "E1:E2"]},
    )


def eskd_frame(rng: random.Random) -> Made:
    p = Page()
    H = ["", "Формат", "Зона", "Поз.", "Обозначение", "Наименование", "Кол.", "Примечание"]
    p.add(*H)
    p.add("Перв. примен.", "", "", "", "", "Документация", "", "")
    p.add("", "А2", "", "", "РТК.01.00.000 СБ", "Сборочный чертеж", "", "")
    p.add("", "", "", "", "", "", "", "")
    p.add("", "", "", "", "", "Детали", "", "")
    for i, n in enumerate(pick(rng, "ru", 6), 1):
        p.part("", "А4", "", i, f"РТК.01.00.00{i}", n, rng.randint(1, 3), "")
    p.add("Изм.", "Лист", "№ докум.", "Подп.", "Дата", "РТК.01.00.000", "", "")
    p.add("Разраб.", "", "Иванов", "", "", "Робот", "", "Лист 1")
    p.add("Пров.", "", "Петров", "", "", "", "", "")
    p.add(*H)
    p.add("", "", "", "", "", "Прочие изделия", "", "")
    for i, n in enumerate(BOUGHT["ru"], 7):
        p.part("", "", "", i, "", n, rng.randint(1, 3), "")
    return p.made(
        {"Поз.": "position", "Обозначение": "part_number", "Наименование": "name", "Кол.": "quantity"},
        "Спецификация",
        suffix=".xls",
    )


def part_amount(rng: random.Random) -> Made:
    p = Page()
    p.add("Group", "Part", "Details", "Amount", "Store")
    for g in ("Frame", "Electronics"):
        for i, n in enumerate(pick(rng, "en", 5)):
            p.part(g if i == 0 else "", n, "aluminium profile 20x20, 300 mm", rng.randint(1, 4), "local store")
    return p.made({"Group": "kind", "Part": "name", "Amount": "quantity"}, "BOM", suffix=".ods")


def win_chill(rng: random.Random) -> Made:
    p = Page()
    p.add("Structure Level", "Line Number", "Number", "Name", "Quantity", "Unit", "Find Number", "Type")
    p.part(0, "", "00012345", "MAIN ASSY", "", "", "", "Assembly")
    for t in range(1, 4):
        p.part(1, t * 10, f"0002{t:04d}", "SUB ASSY " + str(t), 1, "each", t, "Assembly")
        for s, n in enumerate(pick(rng, "en", 3), 1):
            p.part(2, s * 10, f"0003{t}{s:03d}", n.upper(), rng.randint(1, 6), "each", s, "Part")
    return p.made(
        {"Structure Level": "level", "Number": "part_number", "Name": "name", "Quantity": "quantity"}, "", delimiter=";"
    )


def ja_shop(rng: random.Random) -> Made:
    p = Page()
    p.add("使用部品リスト", "")
    p.add("名称", "型番", "メーカー", "数量", "単価", "小計", "購入先")
    for n in [*pick(rng, "ja", 5), *BOUGHT["ja"]]:
        p.part(
            n, f"MX-{rng.randint(100, 999)}", "ミスミ", rng.randint(1, 8), "¥120", "¥240", "https://jp.misumi-ec.com"
        )
    p.add("", "", "", "", "合計", "¥12,000", "")
    p.add("※価格は2020年のもの", "", "", "", "", "", "")
    return p.made({"名称": "name", "数量": "quantity"}, "", encoding="utf-8-sig")


def es_hand(rng: random.Random) -> Made:
    p = Page()
    p.add("", "Pieza", "Uds", "Material", "Dónde comprar")
    p.add("Estructura", "", "", "", "")
    for n in pick(rng, "es", 5):
        p.part("", n, rng.randint(1, 4), rng.choice(["PLA", "Madera", "Acero"]), "")
    p.add("Tornillería", "", "", "", "")
    for n in BOUGHT["es"]:
        p.part("", n, rng.randint(2, 20), "", "ferretería")
    return p.made({"Pieza": "name", "Uds": "quantity", "Material": "material"}, "", delimiter=";", encoding="cp1252")


def it_levels_xls(rng: random.Random) -> Made:
    p = Page()
    p.add("DISTINTA BASE", "", "", "", "")
    p.add("Livello", "Codice articolo", "Descrizione articolo", "U.M.", "Quantità", "Materiale")
    p.part("0", "GR100", "GRUPPO COMPLETO", "NR", 1, "")
    for i, n in enumerate(pick(rng, "it", 8), 1):
        p.part(".1" if i % 2 else "..2", f"PZ{i:03d}", n, "NR", rng.randint(1, 4), rng.choice(MATERIALS["it"]))
    return p.made(
        {
            "Livello": "level",
            "Codice articolo": "part_number",
            "Descrizione articolo": "name",
            "U.M.": "unit",
            "Quantità": "quantity",
            "Materiale": "material",
        },
        "Foglio1",
        suffix=".xls",
    )


def desc_only_with_counts(rng: random.Random) -> Made:
    p = Page()
    p.add("Hardware list")
    for n in BOUGHT["en"]:
        p.part(f"{rng.randint(2, 30)}x", n)
    for n in pick(rng, "en", 5):
        p.part(f"{rng.randint(1, 3)}x", n)
    return p.made({}, "")


def html_links(rng: random.Random) -> Made:
    p = Page()
    p.add("Thing", "How many?", "Where", "Price each", "Why")
    for n in [*pick(rng, "en", 5), *BOUGHT["en"]]:
        p.part(
            n,
            rng.choice(["1", "2", "10-ish", "a few"]),
            "https://www.amazon.de/dp/B00",
            "3,50€",
            "holds things together, more or less",
        )
    return p.made({"Thing": "name", "How many?": "quantity"}, "", delimiter="\t", suffix=".tsv")


# --- measured once, later: rows right in 30 of 30, columns in 106 of 110 --------------------------------------------


LONG = "This part holds the other parts together, be careful when printing it as it may warp a lot on a cold bed"


def prusa_like(rng: random.Random) -> Made:
    p = Page()
    p.add("PRINTED PARTS LIST", "", "", "")
    p.add("Filename", "Pcs", "Filament", "Print time", "Weight (g)")
    for n in pick(rng, "en", 9):
        p.part(
            n.replace(" ", "-") + ".stl",
            f"{rng.randint(1, 4)}x",
            rng.choice(["PETG black", "PETG orange"]),
            "1h 20m",
            rng.randint(3, 90),
        )
    return p.made({"Filename": "file", "Pcs": "quantity", "Filament": "material"}, "", delimiter=",")


def portuguese(rng: random.Random) -> Made:
    p = Page()
    p.add("Nº DO ITEM", "Nº DA PEÇA", "DESCRIÇÃO", "MATERIAL", "QTD.")
    for i, n in enumerate(pick(rng, "es", 9), 1):
        p.part(i, f"PC-{i:03d}", n, rng.choice(["AISI 304", "Aço SAE 1020", "Alumínio 6061"]), rng.randint(1, 4))
    return p.made(
        {"Nº DO ITEM": "position", "DESCRIÇÃO": "name", "MATERIAL": "material", "QTD.": "quantity"},
        "",
        delimiter=";",
        encoding="cp1252",
    )


def instructions_table(rng: random.Random) -> Made:
    p = Page()
    p.add("Qty.", "Name", "Type", "Length", "Thread", "Drive")
    for n in ["Screw"] * 4 + ["Nut"] * 2 + ["Washer"] * 2:
        p.part(
            rng.randint(2, 40),
            n,
            rng.choice(["Socket", "Button", "Hex"]),
            f"{rng.randint(4, 40)} mm",
            f"M{rng.randint(2, 8)}",
            "Hex",
        )
    return p.made({"Qty.": "quantity", "Name": "name"}, "")


def long_notes_rows(rng: random.Random) -> Made:
    p = Page()
    p.add("Part", "Number needed", "Notes")
    for n in pick(rng, "en", 8):
        p.part(n, rng.randint(1, 4), LONG)
    p.add(f"All of it: {LONG}", "", "")
    return p.made({"Part": "name", "Number needed": "quantity", "Notes": "remark"}, "")


def numbers_in_sections(rng: random.Random) -> Made:
    p = Page()
    p.add("#", "Component", "Qty", "Spec", "Vendor")
    k = 0
    for s in ("1. Frame", "2. Motion", "3. Electronics"):
        p.add(s, "", "", "", "")
        for n in pick(rng, "en", 4):
            k += 1
            p.part(k, n + f" {k}", rng.randint(1, 3), "", "")
    return p.made({"#": "position", "Component": "name", "Qty": "quantity"}, "BOM", suffix=".xlsx")


def merged_sections(rng: random.Random) -> Made:
    p = Page()
    p.add("Item", "Description", "Material", "Qty", "Unit")
    m: list[str] = []
    for s in ("Housing group", "Drive group"):
        p.add(s, "", "", "", "")
        m.append(f"A{len(p.rows)}:E{len(p.rows)}")
        for i, n in enumerate(pick(rng, "en", 5), 1):
            p.part(i, n, rng.choice(MATERIALS["en"]), rng.randint(1, 3), "pcs")
    return p.made(
        {"Item": "position", "Description": "name", "Material": "material", "Qty": "quantity", "Unit": "unit"},
        "P",
        suffix=".xlsx",
        merged={"P": m},
    )


def french_maker(rng: random.Random) -> Made:
    p = Page()
    p.add("Liste du matériel", "", "", "")
    p.add("", "", "", "")
    p.add("Pièce", "Quantité", "Prix unitaire", "Lien", "Remarques")
    for n in [*pick(rng, "fr", 6), *BOUGHT["fr"]]:
        p.part(n, rng.randint(1, 9), "2,50 €", "https://www.amazon.fr/x", "")
    p.add("Frais de port", "", "8,00 €", "", "")
    p.add("TOTAL", "", "98,50 €", "", "")
    return p.made({"Pièce": "name", "Quantité": "quantity"}, "", encoding="utf-8-sig", delimiter=";")


def zh_levels(rng: random.Random) -> Made:
    p = Page()
    p.add("层级", "物料编号", "物料描述", "图号", "数量", "单位", "材料", "自制/外购")
    p.part(0, "A1000", "总装", "ZZ-00", 1, "台", "", "自制")
    for t in range(1, 3):
        p.part(1, f"A1{t}00", "部件" + str(t), f"ZZ-0{t}", 1, "套", "", "自制")
        for s, n in enumerate(pick(rng, "zh", 4), 1):
            p.part(
                2,
                f"A1{t}{s:02d}",
                n,
                f"ZZ-0{t}-0{s}",
                rng.randint(1, 4),
                "件",
                rng.choice(MATERIALS["zh"]),
                rng.choice(["自制", "外购"]),
            )
    return p.made({"层级": "level", "数量": "quantity", "单位": "unit", "材料": "material"}, "BOM", suffix=".xls")


def ru_indent(rng: random.Random) -> Made:
    p = Page()
    p.add("Обозначение", "Наименование", "Количество", "Материал", "Раздел")
    p.part("УП.00", "Установка", 1, "", "Сборочные единицы")
    for i, n in enumerate(pick(rng, "ru", 8), 1):
        p.part(f"УП.00.{i:02d}", n, rng.randint(1, 4), rng.choice(MATERIALS["ru"]), "Детали")
    for n in BOUGHT["ru"]:
        p.part("", n, rng.randint(1, 9), "", "Стандартные изделия")
    return p.made(
        {
            "Обозначение": "part_number",
            "Наименование": "name",
            "Количество": "quantity",
            "Материал": "material",
            "Раздел": "kind",
        },
        "",
        suffix=".txt",
        delimiter="\t",
        encoding="utf-16",
        quoting=csv.QUOTE_NONE,
    )


def de_doppelt(rng: random.Random) -> Made:
    p = Page()
    p.add("Baugruppe:", "Spindelstock", "", "Zeichnung:", "ZS-100", "")
    p.add("Bearbeiter:", "Maier", "", "Datum:", "3.4.19", "")
    p.add()
    p.add("Nr.", "Stk", "Benennung", "Zeichnungsnr.", "Werkstoff", "Fertigung")
    for i, n in enumerate(pick(rng, "de", 9), 1):
        p.part(
            i,
            rng.randint(1, 3),
            n,
            f"ZS-{100 + i}",
            rng.choice(MATERIALS["de"]),
            rng.choice(["drehen", "fräsen", "Kauf"]),
        )
    return p.made(
        {
            "Nr.": "position",
            "Stk": "quantity",
            "Benennung": "name",
            "Zeichnungsnr.": "part_number",
            "Werkstoff": "material",
        },
        "Tabelle1",
        suffix=".ods",
    )


def ja_pos_only(rng: random.Random) -> Made:
    p = Page()
    p.add("No", "名称", "数量", "材料・規格", "備考")
    for i, n in enumerate([*pick(rng, "ja", 8), *BOUGHT["ja"]], 1):
        p.part(i, n, rng.randint(1, 4), rng.choice(MATERIALS["ja"]) if i <= 8 else "M6", "3Dプリント" if i < 4 else "")
    return p.made(
        {"No": "position", "名称": "name", "数量": "quantity", "材料・規格": "material"}, "", encoding="cp932"
    )


def qty_by_variant(rng: random.Random) -> Made:
    p = Page()
    p.add("Part Number", "Description", "Rev", "Qty - Model A", "Qty - Model B", "Make/Buy")
    for i, n in enumerate(pick(rng, "en", 9), 1):
        p.part(f"{1000 + i}-00", n, "A", rng.randint(1, 3), rng.randint(0, 3), rng.choice(["Make", "Buy"]))
    return p.made(
        {
            "Part Number": "part_number",
            "Description": "name",
            "Rev": "revision",
            "Qty - Model A": "quantity",
            "Make/Buy": "kind",
        },
        "Parts",
        suffix=".xlsx",
    )


def trailing_junk(rng: random.Random) -> Made:
    p = Page()
    p.add("Item", "Qty", "Material", "", "", "Legend")
    for i, n in enumerate(pick(rng, "en", 8)):
        p.part(n, rng.randint(1, 4), rng.choice(["PLA", "Steel"]), "", "", "P = printed" if i == 0 else "")
    p.add("", "", "", "", "", "")
    p.add("", "", "", "", "", "Check stock before ordering")
    return p.made({"Item": "name", "Qty": "quantity", "Material": "material"}, "")


def opentrons(rng: random.Random) -> Made:
    p = Page()
    p.add("ITEM NO.", "PartNo", "DESCRIPTION", "VENDOR", "VENDOR PART #", "QTY.", "UOM", "COST")
    k = 0
    for t in range(1, 4):
        p.part(f"{t}", f"ASSY-{t}", "ASSY", "", "", 1, "EA", "")
        for s, n in enumerate(pick(rng, "en", 4), 1):
            k += 1
            p.part(f"{t}.{s}", f"AB{k:05d}", n.upper(), rng.choice(["MISUMI", ""]), "", rng.randint(1, 4), "EA", "")
    return p.made(
        {"ITEM NO.": "position", "PartNo": "part_number", "DESCRIPTION": "name", "QTY.": "quantity", "UOM": "unit"},
        "Sheet1",
        suffix=".xls",
    )


def two_lists_summary(rng: random.Random) -> Made:
    a = Page()
    a.add("Assembly", "Part", "Qty")
    b = Page()
    b.add("Part", "Total Qty", "Supplier", "Ordered?")
    for n in pick(rng, "en", 8):
        a.part("Base", n, rng.randint(1, 3))
        b.add(n, rng.randint(3, 6), "x", "yes")
    return Made(
        {"Parts": a.rows, "Purchase": b.rows},
        {("Parts", r) for r in a.parts},
        {"Part": "name", "Qty": "quantity"},
        ".xlsx",
    )


# --- measured once, last: rows right in 26 of 30, columns in 84 of 88 ------------------------------------------------

HW = [
    "M3x12 DIN 912 screws",
    "M3 nyloc nut",
    "Ball bearing 6805ZZ",
    "GT2 20T pulley, 5mm bore",
    "Timing belt (closed) 208 mm",
    "Threaded rod M8 300mm",
    "Smooth rod 8mm",
    "LM8UU",
    "Spring 0.5x5x20",
    "Zip ties",
    "608 bearing",
    "Threadlocker",
    "NEMA17 stepper motor",
    "Wire 22AWG",
    "Heat-set insert M3x5x4",
]


def thor(rng: random.Random) -> Made:
    p = Page()
    p.add("Part", "Quantity", "Comments")
    for n in rng.sample(HW, 12):
        p.part(n, rng.choice([1, 2, 4, "10 (approx)", ""]), "")
    return p.made({"Part": "name", "Quantity": "quantity"}, "")


def part_codes(rng: random.Random) -> Made:
    p = Page()
    p.add("Part", "Description", "Qty", "Mat.", "Vendor")
    for i, n in enumerate(pick(rng, "en", 9), 1):
        p.part(f"BX-{i:03d}", n, rng.randint(1, 3), rng.choice(["AL", "SST", "ABS", "STL"]), "")
    return p.made({"Part": "part_number", "Description": "name", "Qty": "quantity", "Mat.": "material"}, "")


def poppy(rng: random.Random) -> Made:
    p = Page()
    for s in ("Head", "Torso", "Legs"):
        p.add(s, "Quantity", "Reference", "Link")
        for n in rng.sample(HW, 4):
            p.part(n + " " + s[0], rng.randint(1, 4), "", "https://x.org")
        p.add("", "", "", "")
    return p.made({"Quantity": "quantity"}, "")


def pupper(rng: random.Random) -> Made:
    p = Page()
    p.add("", "Item", "Link", "Quantity per robot", "Price per unit", "Total price", "Notes")
    for g, ns in {
        "Electronics": ["Raspberry Pi 4", "Battery 2S LiPo", "PCB"],
        "Hardware": HW[:8],
        "3D printed": pick(rng, "en", 4),
    }.items():
        for i, n in enumerate(ns):
            p.part(g if i == 0 else "", n, "http://a.co/b", rng.randint(1, 12), "$3.50", "$7.00", "")
    p.add("", "", "", "", "Total", "$512.00", "")
    p.add("", "", "", "", "Total without battery", "$452.00", "")
    return p.made({"Item": "name", "Quantity per robot": "quantity"}, "")


def solo(rng: random.Random) -> Made:
    p = Page()
    p.add("Item Number", "Part Name", "Quantity", "Ordering Information", "Comments")
    for k, n in enumerate(rng.sample(HW, 9), 1):
        p.part(k, n, rng.randint(1, 16), "e.g. Conrad 12345", "")
    return p.made({"Item Number": "position", "Part Name": "name", "Quantity": "quantity"}, "BOM", suffix=".xlsx")


def reprap(rng: random.Random) -> Made:
    p = Page()
    p.add("Qty", "Description", "Type", "Diameter (mm)", "Length (mm)", "Comments")
    for n in ["Cap screw", "Grub screw", "Washer", "Nut", "Bearing", "Rod", "Rod"]:
        p.part(rng.randint(1, 80), n, n.split()[-1], rng.choice([3, 4, 8]), rng.randint(8, 500), "")
    p.add(rng.randint(200, 300), "", "", "", "", "")
    return p.made({"Qty": "quantity", "Description": "name"}, "")


def longmill(rng: random.Random) -> Made:
    sh: dict[str, list[Cells]] = {}
    parts: set[tuple[str, int]] = set()
    for s in ("X Axis", "Y Axis", "Z Axis"):
        p = Page()
        p.add(f"{s} Assembly")
        p.add("SKU", "Part name", "Qty", "Bag")
        for i, n in enumerate(rng.sample(HW, 6)):
            p.part(f"10-{s[0]}{i:03d}", n, rng.randint(1, 9), rng.choice("ABC"))
        sh[s] = p.rows
        parts |= {(s, r) for r in p.parts}
    t = Page()
    t.add("Step", "Tool")
    t.add("1", "Hex key 2.5mm")
    sh["Tools"] = t.rows
    return Made(sh, parts, {"SKU": "part_number", "Part name": "name", "Qty": "quantity"}, ".xlsx")


def precious(rng: random.Random) -> Made:
    p = Page()
    p.add("SHREDDER 2.0 - PARTLIST", "", "", "", "")
    p.add()
    p.add("Nr", "Part", "Amount", "Material", "Dimensions (mm)", "Lasercut?")
    for i, n in enumerate(pick(rng, "en", 10), 1):
        p.part(
            i,
            n,
            rng.randint(1, 14),
            rng.choice(["Stainless steel", "Mild steel", "Steel", "Brass"]),
            f"{rng.randint(5, 90)}x{rng.randint(5, 90)}x5",
            rng.choice(["yes", "no"]),
        )
    return p.made(
        {"Nr": "position", "Part": "name", "Amount": "quantity", "Material": "material"}, "Shredder", suffix=".ods"
    )


def ose(rng: random.Random) -> Made:
    p = Page()
    p.add("Category", "Subcategory", "Part", "Quantity", "Unit", "Unit Price", "Total Price", "Source", "Notes")
    for n in rng.sample(HW, 10):
        p.part(
            "Frame", "Bolts", n, rng.randint(1, 9), rng.choice(["each", "ft", "box"]), "1.00", "9.00", "McMaster", ""
        )
    for x in ("Subtotal", "Shipping (estimated)", "Grand total"):
        p.add("", "", "", "", "", "", x, "$90.00", "")
    return p.made({"Part": "name", "Quantity": "quantity", "Unit": "unit"}, "")


def farmbot_like(rng: random.Random) -> Made:
    p = Page()
    p.add("Component", "Used for", "Count", "Spares", "Total", "Part ID", "Finish")
    for i, n in enumerate(rng.sample(HW, 9)):
        p.part(
            n,
            "Gantry",
            rng.randint(1, 9),
            1,
            rng.randint(2, 10),
            f"FB-{i:03d}",
            rng.choice(["Black", "Clear anodized", ""]),
        )
    return p.made({"Component": "name", "Count": "quantity", "Part ID": "part_number", "Finish": "surface"}, "")


def qtyless(rng: random.Random) -> Made:
    p = Page()
    p.add("Parts needed", "Qty", "Source")
    for i, n in enumerate(HW):
        p.part(n, "" if i % 5 == 4 else rng.randint(1, 9), "" if i % 5 == 4 else "ebay")
    return p.made({"Parts needed": "name", "Qty": "quantity"}, "")


def zh_maker(rng: random.Random) -> Made:
    p = Page()
    p.add("物料清单BOM", "", "", "", "")
    p.add("类别", "名称", "规格", "数量", "备注")
    for c, ns in {
        "结构件": pick(rng, "zh", 5),
        "标准件": BOUGHT["zh"],
        "电子": ["树莓派4B", "步进电机", "电源"],
    }.items():
        for i, n in enumerate(ns):
            p.part(c if i == 0 else "", n, rng.choice(["", "M3*10", "12V"]), rng.choice([1, 2, "若干", "4个"]), "")
    return p.made({"类别": "kind", "名称": "name", "数量": "quantity"}, "Sheet1", suffix=".xlsx")


def ru_positions(rng: random.Random) -> Made:
    p = Page()
    p.add("№", "Наименование детали", "Кол-во", "Материал, марка", "Габариты", "Примечание")
    for i, n in enumerate(pick(rng, "ru", 9), 1):
        p.part(i, n, rng.randint(1, 4), rng.choice(MATERIALS["ru"]), f"{rng.randint(10, 90)}х{rng.randint(10, 90)}", "")
    return p.made(
        {"№": "position", "Наименование детали": "name", "Кол-во": "quantity", "Материал, марка": "material"},
        "Лист1",
        suffix=".xls",
    )


def de_robot(rng: random.Random) -> Made:
    p = Page()
    p.add("Bauteil", "Anzahl", "Preis (Stk.)", "Preis (ges.)", "Link / Bezugsquelle", "Anmerkung")
    for n in [
        "Zylinderkopfschraube M3x10",
        "Kugellager 608",
        "Zahnriemen GT2",
        "Schrittmotor NEMA 17",
        "Aluprofil 20x20 300mm",
        *pick(rng, "de", 4),
    ]:
        p.part(n, rng.choice([1, 4, "2 m", "ca. 20"]), "1,20 €", "4,80 €", "amazon.de", "")
    p.add("Gesamtkosten:", "", "", "132,50 €", "", "")
    p.add("* Preise inkl. MwSt.", "", "", "", "", "")
    return p.made({"Bauteil": "name", "Anzahl": "quantity"}, "", delimiter=";", encoding="cp1252")


def fr_cad(rng: random.Random) -> Made:
    p = Page()
    p.add("ARTICLE", "NUMERO DE PIECE", "DESCRIPTION", "QTE", "MATERIAU")
    for i, n in enumerate(pick(rng, "fr", 9), 1):
        p.part(i, f"{n.upper()}-{i:02d}", "", rng.randint(1, 3), rng.choice(MATERIALS["fr"]))
    return p.made(
        {
            "ARTICLE": "position",
            "NUMERO DE PIECE": "part_number",
            "DESCRIPTION": "name",
            "QTE": "quantity",
            "MATERIAU": "material",
        },
        "",
        suffix=".txt",
        delimiter="\t",
        encoding="utf-16",
        quoting=csv.QUOTE_NONE,
    )


DEVELOPED: tuple[Style, ...] = (
    solidworks_xls,
    solidworks_indented_txt,
    fusion360,
    onshape,
    german_erp,
    german_csv,
    french_nomenclature,
    eskd,
    chinese,
    japanese,
    printer_shop,
    several_sheets,
    group_headers,
    tables_below,
    material_is_a_name,
    sap,
)
ROUGH: tuple[Style, ...] = (
    voron_like,
    checkbox,
    header_is_section,
    ultimaker,
    lulz,
    rover,
    german_hand,
    fr_levels,
    zh_title_block,
    ja_units,
    multi_line_cells,
    qty_first_no_head_words,
    two_side_by_side,
    bad_middle_rows,
    item_only_numbers_partnum,
    optional_zero,
    ru_hand,
)
HELD_OUT: tuple[Style, ...] = (
    inventor,
    freecad,
    creo_levels,
    spanish,
    italian,
    russian_table,
    chinese_csv,
    japanese_xlsx,
    robot_readme,
    indented_names,
    drone_sheet,
    bilingual,
    catia,
    machine_sections,
    headerless,
)
UNSEEN: tuple[Style, ...] = (
    sw_config,
    fusion_addin,
    zh_en,
    header_at_bottom,
    assembly_part_columns,
    total_on_top,
    second_part_number,
    comments_on_top,
    merged_qty,
    eskd_frame,
    part_amount,
    win_chill,
    ja_shop,
    es_hand,
    it_levels_xls,
    desc_only_with_counts,
    html_links,
)
UNSEEN_LATER: tuple[Style, ...] = (
    prusa_like,
    portuguese,
    instructions_table,
    long_notes_rows,
    numbers_in_sections,
    merged_sections,
    french_maker,
    zh_levels,
    ru_indent,
    de_doppelt,
    ja_pos_only,
    qty_by_variant,
    trailing_junk,
    opentrons,
    two_lists_summary,
)
UNSEEN_LAST: tuple[Style, ...] = (
    thor,
    part_codes,
    poppy,
    pupper,
    solo,
    reprap,
    longmill,
    precious,
    ose,
    farmbot_like,
    qtyless,
    zh_maker,
    ru_positions,
    de_robot,
    fr_cad,
)
