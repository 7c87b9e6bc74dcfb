"""Rows to parts: rows of one part joined, ids made, words understood, assemblies told from single parts."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from render.materials.material_words import Guess, MaterialWords
from render.part_lists.hierarchy import find_parents
from render.part_lists.ids import make_ids
from render.part_lists.places import Place, distinct, places_of_rows
from render.part_lists.quantities import Quantity, read_quantity
from render.part_lists.row_words import RowWords
from render.part_lists.rows import PartRow
from render.part_lists.words import plain

Classes = Literal["all", "single", "assemblies", "spare"]

_BARE_STANDARD = re.compile(r"(?:din|iso|en|gost|гост|gb/?t?|jis|ansi|nf|uni)[ -]?[\w.]*\d[\w.-]*", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_NO = re.compile(r"n|no|nein|non|нет|否|无|0|false|-", re.IGNORECASE)
_WEAR = re.compile(r"^v|wear|verschlei|usure|desgaste|usura|быстроизн|易损|消耗", re.IGNORECASE)


@dataclass
class ListedPart:
    """One part of a list. `quantity` is the sum over `rows` (None: not understood); material, surface and color are
    canonical words, `guess` says how they were found; `parent` and `children` are part ids; `bought` says why it counts
    as a bought standard part, `no_class` why it becomes no class; `places` where it stands, one for each row that says
    so.
    """

    part_id: str
    part_number: str
    name: str
    quantity: float | None
    quantity_written: str
    unit: str
    position: str
    guess: Guess
    material_written: str
    sheet: str
    row: int
    rows: list[int]
    description: str = ""
    standard: str = ""
    file: str = ""
    section: str = ""
    spare: bool = False
    wear: bool = False
    bought: str = ""
    parent: str = ""
    children: list[str] = field(default_factory=list)
    no_class: str = ""
    why: list[str] = field(default_factory=list)
    places: tuple[Place, ...] = ()

    @property
    def is_assembly(self) -> bool:
        return bool(self.children)

    @property
    def label(self) -> str:
        return self.name or self.part_number or self.part_id


def join_rows(rows: Sequence[PartRow], materials: MaterialWords, words: RowWords) -> tuple[list[ListedPart], str]:
    """The parts that `rows` are, in their order, and by what assemblies were told ("": there are none)."""
    parents, way = find_parents(rows)
    keys = _keys(rows)
    first: dict[str, int] = {}
    for at, key in enumerate(keys):
        first.setdefault(key, at)
    ids = dict(zip(first, make_ids([_id_text(rows[at], key) for key, at in first.items()]), strict=True))
    of_key: dict[str, list[int]] = defaultdict(list)
    for at, key in enumerate(keys):
        of_key[key].append(at)
    parts = {key: _part(ids[key], [rows[at] for at in of_key[key]], materials, words) for key in first}
    places = places_of_rows(rows, parents)
    for key, part in parts.items():
        part.places = distinct(places[at] for at in of_key[key])
    for at, parent in enumerate(parents):
        if parent is None or keys[parent] == keys[at]:
            continue
        child, assembly = parts[keys[at]], parts[keys[parent]]
        child.parent = child.parent or assembly.part_id
        if child.part_id not in assembly.children:
            assembly.children.append(child.part_id)
    return list(parts.values()), way


def choose_classes(parts: Sequence[ListedPart], classes: Classes, *, skip_bought: bool) -> None:
    """Sets for each part why it becomes no class of the recogniser, if so."""
    spare_marked = any(part.spare or part.wear for part in parts)
    for part in parts:
        part.no_class = ""
        if skip_bought and part.bought:
            part.no_class = f"a bought standard part ({part.bought}); catalogue.skip_bought is on"
        elif classes == "single" and part.is_assembly:
            part.no_class = "an assembly; catalogue.classes is single"
        elif classes == "assemblies" and not part.is_assembly:
            part.no_class = "no assembly; catalogue.classes is assemblies"
        elif classes == "spare" and not (part.spare or part.wear):
            part.no_class = "no spare part; catalogue.classes is spare" + (
                "" if spare_marked else " (the list marks none: it needs a column such as Spare, Ersatzteil, ЗИП)"
            )


def _keys(rows: Sequence[PartRow]) -> list[str]:
    """What makes two rows one part: the number, where it names one thing; else name and everything that tells apart."""
    names: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.get("part_number"):
            names[_number(row)].add(plain(row.get("name")))
    keys = []
    for row in rows:
        number, name = _number(row), plain(row.get("name") or row.get("description") or row.get("file"))
        # DIN 912 under screws of every length, a word ("OTS") or one number for many things names no single part.
        a_number = _DIGIT.search(number) and not _BARE_STANDARD.fullmatch(number) and len(names[number]) <= 3
        if number and (len(names[number]) == 1 or a_number):
            keys.append(f"number {number}")
        else:
            rest = [
                row.get(role) for role in ("description", "material", "color", "standard", "supplier_number", "file")
            ]
            keys.append(f"name {number} {name} {' '.join((*row.sizes, *rest))}".casefold())
    return keys


def _number(row: PartRow) -> str:
    return " ".join(row.get("part_number").split()).casefold()


def _id_text(row: PartRow, key: str) -> str:
    """What the id is made of: the number, else the name with what tells it from others of that name."""
    number = row.get("part_number")
    if key.startswith("number "):
        return number
    name = row.get("name") or row.get("description") or row.get("file") or row.get("supplier_number")
    tells = [*row.sizes, row.get("description") if row.get("name") else ""]
    return " ".join(filter(None, (number, name, *[text for text in tells if len(text) <= 30])))


def _part(part_id: str, rows: Sequence[PartRow], materials: MaterialWords, words: RowWords) -> ListedPart:
    first = rows[0]
    amounts = [read_quantity(row.get("quantity")) for row in rows if row.get("quantity")]
    material = _first(rows, "material")
    guess = materials.guess(material, _first(rows, "surface"), _first(rows, "color"))
    spare = _first(rows, "spare")
    marked = bool(spare) and not _NO.fullmatch(spare)
    kinds = {row.section_kind for row in rows}
    part = ListedPart(
        part_id,
        first.get("part_number"),
        first.get("name") or first.get("description"),
        _sum(amounts),
        " + ".join(amount.written for amount in amounts[:8]),
        _first(rows, "unit") or next((amount.unit for amount in amounts if amount.unit), ""),
        first.get("position"),
        guess,
        material,
        first.table.sheet.name,
        first.number,
        [row.number for row in rows],
        first.get("description"),
        first.get("standard"),
        first.get("file"),
        first.section,
        spare=(marked and not _WEAR.search(spare)) or "spare" in kinds,
        wear=(marked and bool(_WEAR.search(spare))) or "wear" in kinds,
        bought=_bought(first, words),
    )
    part.why = _why(part, rows, amounts)
    return part


def _first(rows: Sequence[PartRow], role: str) -> str:
    """The first text that `rows` have for `role`."""
    for row in rows:
        if text := row.values.get(role):
            return text
    return ""


def _sum(amounts: Sequence[Quantity]) -> float | None:
    values = [amount.value for amount in amounts if amount.value is not None]
    return sum(values) if values else None


def _bought(row: PartRow, words: RowWords) -> str:
    if row.section_kind == "bought":
        return f"it stands under {row.section!r}"
    for role in ("standard", "part_number", "name", "kind", "assembly", "description"):
        text = row.values.get(role)
        if text and (why := words.bought(text)):
            return f"{role}: {why}"
    return ""


def _why(part: ListedPart, rows: Sequence[PartRow], amounts: Sequence[Quantity]) -> list[str]:
    why = [note for row in rows for note in row.notes]
    made_of = "part number" if part.part_number else "name"
    if part.part_id not in {part.part_number, part.name}:
        why.append(f"the id is made of its {made_of} {(part.part_number or part.label)!r}")
    if len(rows) > 1:
        why.append(f"rows {', '.join(str(row.number) for row in rows[:10])} are one part; quantities are summed")
        if len({plain(row.get("name")) for row in rows}) > 1:
            why.append("its rows have different names: the first one is kept")
    for amount in amounts:
        if amount.value is None:
            why.append(f"quantity {amount.written!r} is not understood")
        elif not amount.is_exact:
            why.append(f"quantity {amount.written!r} is taken as {amount.value:g}")
    if part.guess.rule:
        why.append(part.guess.rule)
    if part.guess.unknown:
        why.append(f"material {part.material_written!r} is not known")
    if part.bought:
        why.append(f"bought ({part.bought})")
    return why
