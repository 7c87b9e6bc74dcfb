"""What is told apart: parts by their labels, or by what they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cad2real.errors import UserError
from cad2real.files import read_json

BACKGROUND_NAME = "background"
MOST_CLASSES = 255
"""A mask is a PNG of 8 bits: 0 for what is no part, 1 to 255 for classes."""


@dataclass(frozen=True)
class Classes:
    """`names`: the class 0, which is what is no part, then the others, sorted. `by_label`: of each label of the part
    list the name of its class, which is the label itself, or its parts' material.
    """

    names: tuple[str, ...]
    by_label: dict[str, str]

    def number(self, name: str) -> int | None:
        """The class of a label, or of a class's own name; None for an unknown one."""
        wanted = self.by_label.get(name, name)
        return self.names.index(wanted) if wanted in self.names else None


def classes_of(renders: Path, kind: str, labels: Sequence[str]) -> Classes:
    """The classes of the parts below `renders`, whose `labels` (in any order, doubled or not) are known.

    `kind`: "label", or "material", as the part list has it. Raises UserError for a label whose parts are of several
    materials, for a part without one or with the name of what is no part, and for more classes than a mask can hold.
    """
    by_label = {label: label for label in labels} if kind == "label" else _materials(renders)
    if BACKGROUND_NAME in by_label.values():
        raise UserError(f"a part is called {BACKGROUND_NAME}, as what is no part is.", "Give it another label.")
    names = (BACKGROUND_NAME, *sorted(set(by_label.values())))
    if len(names) - 1 > MOST_CLASSES:
        raise UserError(
            f"{len(names) - 1} classes are too many: a mask holds {MOST_CLASSES}.",
            "Give parts common labels in the part list, or set segment.classes to material in params.yaml.",
        )
    return Classes(names, by_label)


def _materials(renders: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted(renders.glob("*/part.json")):
        part = read_json(path, "label", "part_id")
        label, material = part["label"], str(part.get("material") or "")
        if not material:
            raise UserError(
                f"{part['part_id']} has no material, which segment.classes: material needs.",
                "Name it in the part list and run `cad2real render`, or set segment.classes to label.",
            )
        if found.setdefault(label, material) != material:
            raise UserError(
                f"the label {label} stands for parts of {found[label]} and of {material}.",
                "Give them labels of their own, or set segment.classes to label in params.yaml.",
            )
    return found
