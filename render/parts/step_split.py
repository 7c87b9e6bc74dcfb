"""One STEP assembly of a whole machine to a STEP file for each of its parts.

A part's file is cut out of the assembly's text: the statements that its product needs, and the colours of its shapes.
So it is as exact as the assembly, and triangles are as fine as the part's own size needs.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from render.parts.step_text import Product, counts, read_products, statements

_REFERENCE = re.compile(rb"'[^']*+'|#(\d{1,18}+)")
_KIND = re.compile(rb"\(?\s*+([A-Z_0-9]+)")
_USED_BY = (
    b"SHAPE_DEFINITION_REPRESENTATION",
    b"PRODUCT_DEFINITION_SHAPE",
    b"SHAPE_REPRESENTATION_RELATIONSHIP",
    b"NEXT_ASSEMBLY_USAGE_OCCURRENCE",
    b"CONTEXT_DEPENDENT_SHAPE_REPRESENTATION",
    b"STYLED_ITEM",
    b"OVER_RIDING_STYLED_ITEM",
)
"""Statements that belong to what they refer to, although that does not refer to them."""
_PRESENTATION = b"MECHANICAL_DESIGN_GEOMETRIC_PRESENTATION_REPRESENTATION"
"""The list of all coloured shapes of the file: each part gets its own share of it."""


@dataclass(frozen=True)
class AssemblyPart:
    """A part of an assembly, or an assembly in it: the name and the number of its product, how often it is there, the
    numbers of the definitions that are it, and whether it is made of others.
    """

    name: str
    number: str
    quantity: int
    definitions: tuple[int, ...]
    is_assembly: bool


def assembly_parts(text: bytes) -> list[AssemblyPart]:
    """The parts of the assembly `text` in its order, and the assemblies in it but for the whole; empty where it is no
    assembly of several. Products of one name that are made of the same statements are one part, as where a program
    writes each copy anew. Raises ValueError for assemblies that hold themselves.
    """
    products = read_products(text)
    times = counts(products)
    children = {child for product in products.values() for _, child in product.uses}
    inner = [product for product in products.values() if product.definition in children]
    if sum(1 for product in inner if not product.uses) < 2:
        return []
    cutter = _Cutter(text, products)
    grouped: dict[object, list[Product]] = defaultdict(list)
    for product in inner:
        if product.uses or cutter.has_shape(product):
            grouped[product.name, product.number, bool(product.uses), cutter.kinds(product)].append(product)
    return [
        AssemblyPart(
            group[0].name,
            group[0].number,
            sum(times[product.definition] for product in group),
            tuple(product.definition for product in group),
            bool(group[0].uses),
        )
        for group in grouped.values()
    ]


def cut_out(text: bytes, parts: Iterable[AssemblyPart]) -> Iterator[tuple[AssemblyPart, bytes]]:
    """Each of `parts` with a STEP file of it alone."""
    products = read_products(text)
    cutter = _Cutter(text, products)
    for part in parts:
        yield part, cutter.file(products[part.definitions[0]])


class _Cutter:
    """The statements of a STEP file and what each refers to."""

    def __init__(self, text: bytes, products: dict[int, Product]) -> None:
        self._text, self._products = text, products
        self._places = {number: (start, end) for number, start, end in statements(text)}
        self._backward: dict[int, list[int]] = defaultdict(list)
        self._presentations: list[int] = []
        for number, (start, end) in self._places.items():
            kind = self._kind(number)
            if kind == _PRESENTATION:
                self._presentations.append(number)
            elif kind in _USED_BY or (
                text.startswith(b"(", start) and b"REPRESENTATION_RELATIONSHIP" in text[start:end]
            ):
                for reference in self._references(number):
                    self._backward[reference].append(number)
        self._kept: dict[int, frozenset[int]] = {}

    def has_shape(self, product: Product) -> bool:
        """Whether `product` has a surface."""
        return any(b"FACE" in kind or b"TRIANGULATED" in kind for kind, _ in self.kinds(product))

    def kinds(self, product: Product) -> frozenset[tuple[bytes, int]]:
        """How many statements of each kind make up `product`."""
        return frozenset(Counter(self._kind(number) for number in self._needed(product)).items())

    def file(self, product: Product) -> bytes:
        """A STEP file of `product` alone."""
        kept = self._needed(product)
        lines = [b"#%d=%s;" % (number, self._text[slice(*self._places[number])].strip()) for number in sorted(kept)]
        for number in self._presentations:
            styles = [reference for reference in self._references(number) if reference in kept]
            items = [style for style in styles if b"STYLED_ITEM" in self._kind(style)]
            contexts = [style for style in self._references(number)[-1:] if style in self._places]
            if items and contexts:
                listed = b",".join(b"#%d" % item for item in items)
                lines.append(b"#%d=%s('',(%s),#%d);" % (number, self._kind(number), listed, contexts[0]))
                lines += self._missing(contexts[0], kept)
        start = self._text.find(b"DATA;")
        return self._text[:start] + b"DATA;\n" + b"\n".join(lines) + b"\nENDSEC;\nEND-ISO-10303-21;\n"

    def _missing(self, number: int, kept: frozenset[int]) -> list[bytes]:
        """The statements that `number` needs and that are not `kept`."""
        more = self._forward({number}) - kept
        return [b"#%d=%s;" % (one, self._text[slice(*self._places[one])].strip()) for one in sorted(more)]

    def _needed(self, product: Product) -> frozenset[int]:
        """The numbers of the statements that make up `product` and all that is in it."""
        if product.definition not in self._kept:
            inside, waiting = set(), [product.definition]
            while waiting:
                definition = waiting.pop()
                if definition not in inside and definition in self._products:
                    inside.add(definition)
                    waiting += [child for _, child in self._products[definition].uses]
            outside = set(self._products) - inside
            uses = {use for other in outside for use, _ in self._products[other].uses}
            self._kept[product.definition] = frozenset(self._closure(inside, outside | uses))
        return self._kept[product.definition]

    def _closure(self, start: set[int], shut: set[int]) -> set[int]:
        """All that `start` refers to, and what belongs to it, but for what leads to products that are `shut` out."""
        kept: set[int] = set()
        waiting = list(start)
        while waiting:
            number = waiting.pop()
            if number in kept or number not in self._places:
                continue
            kept.add(number)
            waiting += self._references(number)
            for user in self._backward.get(number, ()):
                # It comes along where it refers to nothing of another product; so a relation between the shapes of a
                # part and of an assembly around it stays away.
                if user not in kept and not self._leads_out(user, shut):
                    waiting.append(user)
        return kept

    def _leads_out(self, number: int, shut: set[int]) -> bool:
        if self._kind(number) in {b"STYLED_ITEM", b"OVER_RIDING_STYLED_ITEM"}:
            return False
        references = self._references(number)
        if any(reference in shut for reference in references):
            return True
        return any(self._owner().get(reference, 0) in shut for reference in references)

    def _owner(self) -> dict[int, int]:
        """For representations, and definitions of shapes, the product or the use that they are of."""
        if not hasattr(self, "_owners"):
            owners: dict[int, int] = {}
            for number in self._places:
                if self._kind(number) == b"PRODUCT_DEFINITION_SHAPE":
                    for reference in self._references(number):
                        owners[number] = reference
            for number in self._places:
                if self._kind(number) == b"SHAPE_DEFINITION_REPRESENTATION":
                    references = self._references(number)
                    if len(references) == 2:
                        owners.setdefault(references[1], owners.get(references[0], 0))
            self._owners = owners
        return self._owners

    def _forward(self, start: set[int]) -> set[int]:
        kept: set[int] = set()
        waiting = list(start)
        while waiting:
            number = waiting.pop()
            if number not in kept and number in self._places:
                kept.add(number)
                waiting += self._references(number)
        return kept

    def _kind(self, number: int) -> bytes:
        start, end = self._places[number]
        found = _KIND.match(self._text, start, min(end, start + 200))
        return found[1] if found else b""

    def _references(self, number: int) -> list[int]:
        start, end = self._places[number]
        return [int(match[1]) for match in _REFERENCE.finditer(self._text, start, end) if match[1]]
