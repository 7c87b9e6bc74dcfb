"""Part lists made in the style of real ones, with what a person would read in them: which rows are parts, which column is
what. `DEVELOPED` styles were looked at while the rules were written, `HELD_OUT` ones only measured.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

Cells = list[object]


@dataclass
class Made:
    """A list: sheets of rows, the rows (sheet, number from 1) that are parts, the role of each header, how it is saved."""

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
        from odf.opendocument import OpenDocumentSpreadsheet
        from odf.table import Table, TableCell, TableRow
        from odf.text import P

        book = OpenDocumentSpreadsheet()
        for name, rows in self.sheets.items():
            table = Table(name=name)
            for row in rows:
                line = TableRow()
                for cell in row:
                    made = TableCell(valuetype="string")
                    if cell != "":
                        made.addElement(P(text=str(cell)))
                    line.addElement(made)
                table.addElement(line)
            book.spreadsheet.addElement(table)
        book.save(str(path))


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


NAMES = {
    "en": "Base plate|Motor mount|Shaft|Bearing housing|Cover, left|Idler pulley|Spacer 5 mm|Hinge bracket|Frame rail 20x20|Belt tensioner|Gear 32T|Side panel|Knob|Lever arm|Carriage|Fan duct|Rod end|Clamp|Leg|Lid".split("|"),
    "de": "Grundplatte|Motorhalter|Welle|Lagergehäuse|Deckel links|Umlenkrolle|Distanzhülse|Scharnierwinkel|Rahmenprofil|Riemenspanner|Zahnrad Z32|Seitenblech|Drehknopf|Hebel|Schlitten|Gehäuse|Flansch|Buchse|Bolzen|Schutzhaube".split("|"),
    "fr": "Plaque de base|Support moteur|Arbre|Palier|Couvercle gauche|Poulie|Entretoise|Équerre|Profilé|Tendeur|Pignon 32 dents|Flanc|Bouton|Levier|Chariot|Carter|Bride|Bague|Axe|Capot".split("|"),
    "es": "Placa base|Soporte motor|Eje|Alojamiento rodamiento|Tapa izquierda|Polea|Separador|Escuadra|Perfil|Tensor|Engranaje|Panel lateral|Pomo|Palanca|Carro|Carcasa|Brida|Casquillo|Pasador|Cubierta".split("|"),
    "it": "Piastra base|Supporto motore|Albero|Supporto cuscinetto|Coperchio sinistro|Puleggia|Distanziale|Squadretta|Profilo|Tenditore|Ingranaggio|Pannello laterale|Pomello|Leva|Carrello|Carcassa|Flangia|Boccola|Perno|Cofano".split("|"),
    "ru": "Плита опорная|Кронштейн|Вал|Корпус подшипника|Крышка левая|Шкив|Втулка распорная|Уголок|Стойка|Натяжитель|Шестерня|Панель боковая|Ручка|Рычаг|Каретка|Корпус|Фланец|Втулка|Ось|Кожух".split("|"),
    "zh": "底板|电机座|轴|轴承座|左盖|惰轮|隔套|铰链支架|型材|张紧器|齿轮|侧板|旋钮|拨叉|滑块|外壳|法兰|衬套|销轴|防护罩".split("|"),
    "ja": "ベースプレート|モータブラケット|シャフト|軸受ハウジング|左カバー|アイドラ|スペーサ|ヒンジ|フレーム|テンショナ|歯車|側板|ツマミ|レバー|スライダ|ケース|フランジ|ブッシュ|ピン|保護カバー".split("|"),
}
MATERIALS = {
    "en": ["6061-T6 (SS)", "AISI 304", "Plain Carbon Steel", "ABS", "Delrin", "1018 CRS", "PLA", "Brass", "Nylon 6/6", "Aluminum, black anodized"],
    "de": ["S235JR", "EN AW-6082", "1.4301", "C45", "POM", "Stahl verzinkt", "AlMgSi1", "CuZn39Pb3", "EN-GJL-250", "PA6"],
    "fr": ["S235", "Inox 304L", "Alu 6060", "Acier zingué", "Laiton", "POM", "XC48", "Bronze", "PEHD", "2017A"],
    "es": ["Acero F-114", "AISI 304", "Aluminio 6082", "Latón", "Nylon", "S275JR", "Acero galvanizado", "PVC", "Bronce", "POM"],
    "it": ["S235JR", "AISI 304", "Alluminio 6082", "Ottone", "C40", "Acciaio zincato", "POM", "Ghisa G25", "Nylon", "39NiCrMo3"],
    "ru": ["Сталь 45", "Ст3", "Д16Т", "12Х18Н10Т", "Капролон", "ЛС59-1", "СЧ20", "АМг6", "40Х", "Фторопласт-4"],
    "zh": ["Q235", "45#", "6061", "SUS304", "POM", "尼龙", "HT200", "黄铜", "40Cr", "铝合金"],
    "ja": ["SS400", "S45C", "A5052", "SUS304", "POM", "C3604", "MCナイロン", "SPCC", "FC250", "アクリル"],
}
BOUGHT = {
    "en": ["Socket head cap screw M3x10", "Hex nut M5", "Bearing 608ZZ", "GT2 belt 6 mm", "NEMA 17 stepper"],
    "de": ["Zylinderschraube DIN 912 M6x20", "Sechskantmutter ISO 4032 M8", "Kugellager 6204-2RS", "Sicherungsring DIN 471 20x1,2", "Scheibe ISO 7089 8"],
    "fr": ["Vis CHC M6x20 ISO 4762", "Écrou H M8 ISO 4032", "Roulement 6204-2RS", "Anneau élastique 20x1,2", "Rondelle M8"],
    "es": ["Tornillo DIN 912 M6x20", "Tuerca DIN 934 M8", "Rodamiento 6204", "Arandela DIN 125 M8", "Anillo DIN 471"],
    "it": ["Vite TCEI M6x20 UNI 5931", "Dado M8 UNI 5588", "Cuscinetto 6204", "Rosetta 8 UNI 6592", "Anello UNI 7435"],
    "ru": ["Болт М6-6gх20.58.016 ГОСТ 7798-70", "Гайка М8-6Н.5 ГОСТ 5915-70", "Подшипник 204 ГОСТ 8338-75", "Шайба 8 ГОСТ 11371-78", "Винт М4х10 ГОСТ 1491-80"],
    "zh": ["内六角螺钉 M6x20", "六角螺母 M8", "深沟球轴承 6204", "平垫圈 8", "O型圈 20x2"],
    "ja": ["六角穴付ボルト M6x20", "六角ナット M8", "深溝玉軸受 6204", "平座金 M8", "止め輪 C20"],
}

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
    roles = {"ITEM NO.": "position", "PART NUMBER": "part_number", "DESCRIPTION": "name", "Material": "material", "QTY.": "quantity"}
    return page.made(roles, "BOM", suffix=".xls")


def solidworks_indented_txt(rng: random.Random) -> Made:
    page = Page()
    page.add("ITEM NO.", "PART NUMBER", "DESCRIPTION", "QTY.", "VENDOR")
    number = 0
    for top in range(1, 4):
        page.part(top, f"ASM {top}00", "", 1, "")
        for sub in range(1, rng.randint(3, 12)):
            number += 1
            page.part(f"{top}.{sub}", f"PN {number:04d}", f'PLATE 1/{rng.choice((2, 4, 8))}"', rng.randint(1, 5), "IN HOUSE")
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
        page.part(at, rng.randint(1, 6), f"PRT-{at:05d}", name, "", rng.choice(["Aluminum - 6061", "ABS", "Steel", "Acetal"]), "Grey")
    roles = {"Item": "position", "Quantity": "quantity", "Part number": "part_number", "Name": "name", "Material": "material"}
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
            page.part(2, sub * 10, f"47{top}2-{sub:03d}/{rng.choice('AB')}", name, rng.randint(1, 4), "Stk", rng.choice(MATERIALS["de"]), "")
            if sub == 2:
                page.part(3, 10, f"47{top}3-{sub:03d}", f"{name} Rohteil", 1, "Stk", "EN-GJL-250", "")
        page.part(2, 90, f"N{rng.randint(1000, 9999)}{top}", rng.choice(BOUGHT["de"]), "8", "Stk", "8.8", "DIN 912")
    roles = {"Ebene": "level", "Pos.": "position", "Sachnummer": "part_number", "Benennung": "name", "Menge": "quantity", "Werkstoff": "material"}
    return page.made(roles, "Stückliste", suffix=".xlsx", merged={"Stückliste": ["A1:H1"]})


def german_csv(rng: random.Random) -> Made:
    page = Page()
    page.add("Pos", "Menge", "Einheit", "Artikel-Nr.", "Bezeichnung", "Material", "Oberfläche", "Ersatzteil")
    for at, name in enumerate(pick(rng, "de", 15), 1):
        finish = rng.choice(["verzinkt", "schwarz eloxiert", "", "RAL 7035"])
        page.part(at, rng.randint(1, 9), "St.", f"{rng.randint(100000, 999999)}", name, rng.choice(MATERIALS["de"]), finish, rng.choice(["x", ""]))
    roles = {"Pos": "position", "Menge": "quantity", "Artikel-Nr.": "part_number", "Bezeichnung": "name", "Material": "material", "Oberfläche": "surface", "Ersatzteil": "spare"}
    return page.made(roles, "", encoding="cp1252", delimiter=";")


def french_nomenclature(rng: random.Random) -> Made:
    page = Page()
    page.add("NOMENCLATURE - Réducteur", "", "", "", "", "")
    page.add("Rep", "Nb", "Désignation", "Matière", "Référence", "Observations")
    names = pick(rng, "fr", 12)
    for at in range(12, 0, -1):
        page.part(at, rng.randint(1, 4), names[at - 1], rng.choice(MATERIALS["fr"]), "", rng.choice(["", "Mécano-soudé"]))
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
        page.part(at, f"JSJ-{rng.randint(1, 3)}{at:02d}-00", name, rng.randint(1, 6), rng.choice(MATERIALS["zh"]), rng.choice(["发黑", "阳极氧化", ""]), "")
    for at, name in enumerate(BOUGHT["zh"], 15):
        page.part(at, f"GB/T {rng.randint(70, 900)}-2000", name, rng.randint(2, 20), "", "", "外购")
    page.add("", "", "合计", 99, "", "", "")
    page.add("编制：张三", "", "审核：", "", "批准：", "", "")
    roles = {"序号": "position", "图号": "part_number", "名称": "name", "数量": "quantity", "材料": "material", "表面处理": "surface"}
    return page.made(roles, "明细表", suffix=".xlsx")


def japanese(rng: random.Random) -> Made:
    page = Page()
    page.add("部品表", "", "", "", "", "")
    page.add("番号", "品番", "品名", "材質", "個数", "備考")
    for at, name in enumerate(pick(rng, "ja", 12), 1):
        page.part(at, f"KT-{rng.randint(1000, 9999)}-{at}", name, rng.choice(MATERIALS["ja"]), rng.randint(1, 4), rng.choice(["", "黒染め"]))
    for at, name in enumerate(BOUGHT["ja"], 13):
        page.part(at, "", name, "", rng.randint(2, 8), "市販品")
    roles = {"番号": "position", "品番": "part_number", "品名": "name", "材質": "material", "個数": "quantity"}
    return page.made(roles, "", encoding="cp932")


def printer_shop(rng: random.Random) -> Made:
    page = Page()
    page.add("My printer BOM v1.2", "", "", "", "", "")
    page.add("", "", "", "", "", "")
    page.add("", "Part", "Qty", "Price", "Total", "Link")
    for section, names in {"Frame": pick(rng, "en", 4), "Hardware": BOUGHT["en"], "Electronics": ["Control board", "PSU 24 V", "Hotend"]}.items():
        page.add("", section, "", "", "", "")
        for name in names:
            page.part("", name, rng.choice([1, 2, "~30", "1 pair", 4]), "$3.50", "$7.00", "https://www.aliexpress.com/item/1")
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
        page.part("", at, f"{rng.randint(10, 99)}-{at:03d}-A", name, rng.randint(1, 9), rng.choice(["Misumi", "RS"]), f"MS{at}{rng.randint(100, 999)}", 3.5)
    page.add("", "", "", "TOTAL", "", "", "", 35)
    roles = {"Item": "position", "Number": "part_number", "Description": "name", "Qty": "quantity"}
    return page.made(roles, "List", suffix=".xlsx", merged={"List": ["C1:E1", "F1:H1"]})


def tables_below(rng: random.Random) -> Made:
    page = Page()
    page.add("Printed parts", "", "", "")
    page.add("File", "Qty", "Material", "Color")
    for name in pick(rng, "en", 6):
        page.part(f"{name.lower().replace(' ', '_')}.stl", rng.randint(1, 4), rng.choice(["PLA", "PETG", "ABS"]), rng.choice(["black", "red"]))
    page.add("", "", "", "")
    page.add("Hardware", "", "", "")
    page.add("Item", "Quantity", "Notes", "Link")
    for name in BOUGHT["en"]:
        page.part(name, rng.randint(2, 30), "", "https://example.com/x")
    roles = {"File": "file", "Qty": "quantity", "Material": "material", "Color": "color", "Item": "name", "Quantity": "quantity"}
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
        page.part(f"{at * 10:04d}", "L", f"1000{rng.randint(1000, 9999)}{at}", name, f"{rng.randint(1, 9)},000", "ST", "01.01.2020")
    roles = {"Posnr": "position", "Komponente": "part_number", "Objektkurztext": "name", "Komponentenmenge": "quantity"}
    return page.made(roles, "", delimiter="\t", suffix=".txt", encoding="cp1252")


# --- held out -------------------------------------------------------------------------------------------------------


def inventor(rng: random.Random) -> Made:
    page = Page()
    page.add("Item", "Part Number", "BOM Structure", "Unit QTY", "QTY", "Stock Number", "Description", "REV")
    for at, name in enumerate(pick(rng, "en", 12), 1):
        page.part(at, f"{name.upper()}-{at:02d}", rng.choice(["Normal", "Purchased"]), "Each", rng.randint(1, 5), "", name, "A")
    roles = {"Item": "position", "Part Number": "part_number", "BOM Structure": "kind", "QTY": "quantity", "Description": "name"}
    return page.made(roles, "Sheet1", suffix=".xls")


def freecad(rng: random.Random) -> Made:
    page = Page()
    page.add("Index", "Name", "Description", "File Name", "Quantity")
    index = 0
    for name in pick(rng, "en", 9):
        index += 1
        page.part(index, name, "", f"{name.replace(' ', '_')}.FCStd", rng.randint(1, 3))
    return page.made({"Index": "position", "Name": "name", "File Name": "file", "Quantity": "quantity"}, "", delimiter="\t", suffix=".tsv")


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
    roles = {"Marca": "position", "Cantidad": "quantity", "Denominación": "name", "Nº Plano": "part_number", "Material": "material"}
    return page.made(roles, "Hoja1", suffix=".ods")


def italian(rng: random.Random) -> Made:
    page = Page()
    page.add("Pos.", "Codice", "Descrizione", "Q.tà", "Materiale", "Trattamento", "Fornitore")
    for at, name in enumerate(pick(rng, "it", 13), 1):
        page.part(at, f"{rng.randint(10, 99)}.{at:03d}.00", name, rng.randint(1, 4), rng.choice(MATERIALS["it"]), rng.choice(["Zincatura bianca", "Anodizzazione", "-"]), "")
    roles = {"Pos.": "position", "Codice": "part_number", "Descrizione": "name", "Q.tà": "quantity", "Materiale": "material", "Trattamento": "surface"}
    return page.made(roles, "", encoding="cp1252", delimiter=";")


def russian_table(rng: random.Random) -> Made:
    page = Page()
    page.add("Спецификация покупных и изготавливаемых деталей")
    page.add("№ п/п", "Наименование", "Обозначение", "Материал", "Кол-во, шт", "Масса, кг", "Покрытие", "Примечание")
    for at, name in enumerate(pick(rng, "ru", 12), 1):
        page.part(at, name, f"РМ.{rng.randint(1, 9)}.{at:02d}.000", rng.choice(MATERIALS["ru"]), rng.randint(1, 6), f"0,{rng.randint(10, 99)}", rng.choice(["Ц9.хр", "Хим.Окс", ""]), "")
    page.add("", "Итого:", "", "", 42, "12,5", "", "")
    roles = {"№ п/п": "position", "Наименование": "name", "Обозначение": "part_number", "Материал": "material", "Кол-во, шт": "quantity", "Покрытие": "surface"}
    return page.made(roles, "Лист1", suffix=".xlsx")


def chinese_csv(rng: random.Random) -> Made:
    page = Page()
    page.add("项次", "物料编码", "物料名称", "规格型号", "单位", "用量", "材质", "供应商", "单价")
    for at, name in enumerate([*pick(rng, "zh", 9), *BOUGHT["zh"]], 1):
        page.part(at, f"1{rng.randint(10000, 99999)}{at:02d}", name, f"{rng.randint(10, 90)}x{rng.randint(10, 90)}", rng.choice(["件", "个", "PCS"]), rng.randint(1, 9), rng.choice(["", *MATERIALS["zh"]]), "", "3.20")
    roles = {"项次": "position", "物料编码": "part_number", "物料名称": "name", "单位": "unit", "用量": "quantity", "材质": "material"}
    return page.made(roles, "", encoding="gb18030")


def japanese_xlsx(rng: random.Random) -> Made:
    page = Page()
    for _ in range(2):
        page.add()
    page.add("", "No.", "図面番号", "名称", "型式", "員数", "材料", "処理", "メーカー")
    for at, name in enumerate(pick(rng, "ja", 10), 1):
        page.part("", at, f"D{rng.randint(100, 999)}-{at:03d}", name, "", rng.randint(1, 4), rng.choice(MATERIALS["ja"]), rng.choice(["白アルマイト", "黒染め", ""]), "")
    for at, name in enumerate(BOUGHT["ja"], 11):
        page.part("", at, "", name, f"SC{at}-10", rng.randint(1, 9), "", "", "ミスミ")
    roles = {"No.": "position", "図面番号": "part_number", "名称": "name", "員数": "quantity", "材料": "material", "処理": "surface"}
    return page.made(roles, "部品表", suffix=".xlsx")


def robot_readme(rng: random.Random) -> Made:
    page = Page()
    page.add("| Component | Quantity | Where to buy | Approx. cost |")
    page.add("|---|:-:|---|--:|")
    for name in [*pick(rng, "en", 5), *BOUGHT["en"]]:
        page.part(f"| {name} | {rng.randint(1, 12)} | [Amazon](https://amazon.com/x) | $4 |")
    return page.made({"Component": "name", "Quantity": "quantity"}, "", suffix=".txt", delimiter="|", quoting=csv.QUOTE_NONE)


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
    page.add("Category", "Item", "Supplier", "Supplier Part Number", "Quantity Needed", "Unit Cost (USD)", "Extended Cost (USD)")
    for kind, names in {"Mechanical": pick(rng, "en", 6), "Fasteners": BOUGHT["en"]}.items():
        for at, name in enumerate(names):
            page.part(kind if at == 0 else "", name, "McMaster-Carr", f"9{rng.randint(1000, 9999)}A{rng.randint(100, 999)}", rng.randint(1, 20), 1.25, 2.5)
    page.add("", "", "", "", "Subtotal", "", 88.5)
    page.add("", "", "", "", "Tax", "", 7.2)
    page.add("", "", "", "", "Grand Total", "", 95.7)
    roles = {"Category": "kind", "Item": "name", "Supplier Part Number": "supplier_number", "Quantity Needed": "quantity"}
    return page.made(roles, "", delimiter=",")


def bilingual(rng: random.Random) -> Made:
    page = Page()
    page.add("Pos.", "Stückzahl", "Benennung", "Zeichnungs-Nr.", "Werkstoff", "Gewicht")
    page.add("Item", "Qty.", "Description", "Drawing no.", "Material", "Weight")
    page.add("", "", "", "", "", "[kg]")
    for at, name in enumerate(pick(rng, "de", 12), 1):
        page.part(at, rng.randint(1, 4), name, f"{rng.randint(1, 9)}-{rng.randint(100000, 999999)}-{at}", rng.choice(MATERIALS["de"]), 0.35)
    roles = {"Pos.": "position", "Stückzahl": "quantity", "Benennung": "name", "Zeichnungs-Nr.": "part_number", "Werkstoff": "material"}
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


def gerätebau_many_sections(rng: random.Random) -> Made:
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


DEVELOPED: tuple[Style, ...] = (
    solidworks_xls, solidworks_indented_txt, fusion360, onshape, german_erp, german_csv, french_nomenclature, eskd, chinese,
    japanese, printer_shop, several_sheets, group_headers, tables_below, material_is_a_name, sap,
)  # fmt: skip
HELD_OUT: tuple[Style, ...] = (
    inventor, freecad, creo_levels, spanish, italian, russian_table, chinese_csv, japanese_xlsx, robot_readme, indented_names,
    drone_sheet, bilingual, catia, gerätebau_many_sections, headerless,
)  # fmt: skip
