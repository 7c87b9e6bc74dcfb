"""What the text of a STEP file says without its shapes being read: units, products and who is made of whom.

STEP (ISO 10303-21) is a text of numbered statements, `#12=NAME(...);`. Searches are linear in the text's length,
whatever it holds.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from render.parts.step_strings import decode_strings

SUFFIXES = (".step", ".stp")

_POINT = re.compile(
    rb"#(\d{1,18}+)\s*+=\s*+CARTESIAN_POINT\s*+\(\s*+'[^']{0,500}+'\s*+,\s*+\(([^(),]++,[^(),]++,[^(),]++)\)"
)
_REFERENCE = re.compile(rb"#(\d{1,18}+)(?!\s*+=)")
_UNIT = re.compile(rb"#(\d{1,18}+)\s*+=\s*+\(([^;]{0,800}+);")
_SI = re.compile(rb"\bSI_UNIT\s*+\(\s*+(?:\.(\w{1,10}+)\.|\$)\s*+,\s*+\.METRE\.")
_CONVERSION = re.compile(rb"\bCONVERSION_BASED_UNIT\s*+\(\s*+'[^']{0,100}+'\s*+,\s*+#(\d{1,18}+)")
_MEASURE = re.compile(
    rb"#(\d{1,18}+)\s*+=\s*+(?:LENGTH_)?MEASURE_WITH_UNIT\s*+\(\s*+(?:LENGTH_MEASURE\s*+\()?([-+.\dEe]{1,40}+)\s*+\)?\s*+,"
    rb"\s*+#(\d{1,18}+)"
)
_UNITS_USED = re.compile(rb"\bGLOBAL_UNIT_ASSIGNED_CONTEXT\s*+\(\s*+\(([#\d,\s]{0,400}+)\)")
_PRODUCTS = re.compile(
    rb"#(\d{1,18}+)\s*+=\s*+(PRODUCT|PRODUCT_DEFINITION|PRODUCT_DEFINITION_WITH_ASSOCIATED_DOCUMENTS"
    rb"|PRODUCT_DEFINITION_FORMATION|PRODUCT_DEFINITION_FORMATION_WITH_SPECIFIED_SOURCE"
    rb"|NEXT_ASSEMBLY_USAGE_OCCURRENCE)\s*+\(((?:[^';]++|'[^']{0,1000}+'){0,400}+);"
)
_ARGUMENT = re.compile(rb"'((?:[^']++|'')*+)'|#(\d{1,18}+)|(\$)")
_USE_NAME = re.compile(
    rb"(#(\d{1,18}+)\s*+=\s*+NEXT_ASSEMBLY_USAGE_OCCURRENCE\s*+\(\s*+)"
    rb"(?:'(?:[^']++|''){0,400}+'|\$)\s*+,\s*+(?:'(?:[^']++|''){0,400}+'|\$)"
)
_SCHEMA = re.compile(rb"\bFILE_SCHEMA\s*+\(\s*+\(\s*+'([^']{0,200}+)'")
_OTHER_FILE = re.compile(
    rb"\b(?:DOCUMENT_FILE|APPLIED_EXTERNAL_IDENTIFICATION_ASSIGNMENT|EXTERNALLY_DEFINED_\w{1,40}+)\s*+\(([^;]{0,600}+);"
)
_FILE_NAME = re.compile(rb"'([^'/\\]{1,200}\.(?:stp|step|prt|asm|sldprt|ipt|catpart|p21|stpz))'", re.IGNORECASE)

_PREFIXES = {
    "KILO": 1e6,
    "HECTO": 1e5,
    "DECA": 1e4,
    "": 1e3,
    "DECI": 100.0,
    "CENTI": 10.0,
    "MILLI": 1.0,
    "MICRO": 1e-3,
    "NANO": 1e-6,
}
"""Millimetres in a metre with each prefix."""
MOST_DEPTH = 100
"""Of assemblies in assemblies; a file that says more goes round in circles."""
MOST_USES = 1_000_000


@dataclass(frozen=True)
class Product:
    """A part or an assembly that the file defines: the number of its definition, its name and its number, and
    what it is made of: pairs (number of the use, number of the child's definition).
    """

    definition: int
    name: str
    number: str
    uses: tuple[tuple[int, int], ...]


def extent_mm(text: bytes) -> float:
    """About how large the part is, in mm: from the points that the text names and refers to. A point that nothing
    refers to belongs to no shape. 100 where it says nothing. Raises ValueError for coordinates that are not numbers.
    """
    points = {int(match[1]): match[2] for match in _POINT.finditer(text)}
    used = {number for match in _REFERENCE.finditer(text) if (number := int(match[1])) in points}
    try:
        corners = np.array([points[number].split(b",") for number in sorted(used)], np.float64)
    except ValueError:
        return 100.0
    if not np.isfinite(corners).all():
        raise ValueError("points that are not numbers (NaN or infinite)")
    if len(corners) < 2:
        return 100.0
    return float(np.ptp(corners, axis=0).max()) * unit_mm(text) or 100.0


def unit_mm(text: bytes) -> float:
    """Millimetres in the file's unit of length; the largest where it has several, 1 where it says none.

    >>> unit_mm(b"#5=(LENGTH_UNIT()NAMED_UNIT(*)SI_UNIT(.CENTI.,.METRE.));")
    10.0
    """
    metric: dict[int, float] = {}
    converted: dict[int, int] = {}
    for match in _UNIT.finditer(text):
        if b"LENGTH_UNIT" not in match[2]:
            continue
        if si := _SI.search(match[2]):
            metric[int(match[1])] = _PREFIXES.get((si[1] or b"").decode("ascii"), 1.0)
        elif conversion := _CONVERSION.search(match[2]):
            converted[int(match[1])] = int(conversion[1])
    known = dict(metric)
    if converted:
        measures = {int(match[1]): (_number(match[2]), int(match[3])) for match in _MEASURE.finditer(text)}
        for unit, measure in converted.items():
            count, of = measures.get(measure, (0.0, 0))
            if count > 0:
                known[unit] = count * metric.get(of, 1.0)
    used = {int(number) for match in _UNITS_USED.finditer(text) for number in re.findall(rb"#(\d{1,18}+)", match[1])}
    units = [known[unit] for unit in used if unit in known] or list(known.values())
    return max(units, default=1.0)


def _number(text: bytes) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def read_products(text: bytes) -> dict[int, Product]:
    """The products of the file by the numbers of their definitions, in the file's order."""
    names: dict[int, tuple[bytes, bytes]] = {}
    of_formation: dict[int, int] = {}
    of_definition: dict[int, int] = {}
    uses: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for match in _PRODUCTS.finditer(text):
        number, kind = int(match[1]), match[2]
        arguments = _ARGUMENT.findall(match[3])
        references = [int(reference) for _, reference, _ in arguments if reference]
        if kind == b"PRODUCT":
            words = [word for word, reference, _ in arguments[:2] if not reference]
            names[number] = (words[0] if words else b"", words[1] if len(words) > 1 else b"")
        elif kind == b"NEXT_ASSEMBLY_USAGE_OCCURRENCE" and len(references) >= 2:
            uses[references[0]].append((number, references[1]))
        elif references:
            (of_formation if b"FORMATION" in kind else of_definition)[number] = references[0]
    words = decode_strings([word for pair in names.values() for word in pair])
    said = {number: (words[2 * at], words[2 * at + 1]) for at, number in enumerate(names)}
    found = {}
    for definition, formation in of_definition.items():
        product = of_formation.get(formation)
        if product in said:
            part_number, name = said[product]
            found[definition] = Product(
                definition, name or part_number, part_number or name, tuple(uses.get(definition, ()))
            )
    return found


def name_uses(text: bytes) -> bytes:
    """`text` with every use of a product in an assembly called `use N`, N the number of its statement: a reader of
    shapes hands these names on, and so says which product each shape is.
    """
    return _USE_NAME.sub(rb"\g<1>'use \g<2>','use \g<2>'", text)


def counts(products: dict[int, Product]) -> dict[int, int]:
    """How often each product is there in all, by the number of its definition; those that nothing is made of once.
    Raises ValueError for assemblies that hold themselves.
    """
    children = {child for product in products.values() for _, child in product.uses}
    total: dict[int, int] = defaultdict(int)
    steps = 0

    def add(definition: int, times: int, depth: int) -> None:
        nonlocal steps
        steps += 1
        if depth > MOST_DEPTH or steps > MOST_USES:
            raise ValueError("its assemblies hold themselves, or too many parts")
        total[definition] += times
        of: dict[int, int] = defaultdict(int)
        for _, child in products[definition].uses:
            if child in products:
                of[child] += 1
        for child, here in of.items():
            add(child, times * here, depth + 1)

    for definition in products:
        if definition not in children:
            add(definition, 1, 0)
    return dict(total)


def schema(text: bytes) -> str:
    """The name of the protocol that the file follows, as "AUTOMOTIVE_DESIGN"; empty where it says none."""
    found = _SCHEMA.search(text[:100_000])
    return found[1].decode("latin-1").split("{")[0].strip().upper() if found else ""


def other_files(text: bytes) -> list[str]:
    """The names of other CAD files that the file says its shapes are in."""
    found = [name for match in _OTHER_FILE.finditer(text) for name in _FILE_NAME.findall(match[1])]
    return [PurePath(name).name for name in decode_strings(list(dict.fromkeys(found)))]


def statements(text: bytes) -> Iterator[tuple[int, int, int]]:
    """The numbered statements of the file: each one's number, where what follows its "=" begins, and where its ";"
    stands.
    """
    start = 0
    for match in _STOP.finditer(text):
        if match[0] != b";":
            continue
        if head := _HEAD.match(text, start, match.start()):
            yield int(head[1]), head.end(), match.start()
        start = match.end()


_STOP = re.compile(rb";|'[^']*+(?:'|\Z)|/\*(?s:.)*?(?:\*/|\Z)")
_HEAD = re.compile(rb"(?:\s|/\*(?s:.)*?\*/)*+#(\d{1,18}+)\s*+=\s*+")
