"""What a render was drawn with, in words: material, surface, and the family of its colour."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cad2real.files import read_json

KINDS = ("material", "surface", "color")
SURFACES = {
    "anodized", "birch", "bright", "brushed", "burnished", "chromated", "chromed", "galvanized", "glossy", "hardcoated",
    "matte", "mdf", "nickelcoated", "plain", "plasmanitrided", "polished", "sandblasted",
}  # fmt: skip
"""As renders name them, behind the material, which may be of two words."""
FAMILIES = {
    "black": "black", "white": "white", "ivory": "white", "grey": "grey", "gray": "grey", "light grey": "grey",
    "dark grey": "grey", "silver": "grey", "red": "red", "orange": "orange", "yellow": "yellow", "gold": "yellow",
    "green": "green", "turquoise": "turquoise", "blue": "blue", "purple": "purple", "violet": "purple", "pink": "pink",
    "brown": "brown", "beige": "beige", "transparent": "transparent", "clear": "transparent",
}  # fmt: skip
"""Colours that lists name, by the word that tells one from another in a photo, whatever its light."""
RAL = ("", "yellow", "orange", "red", "purple", "blue", "green", "grey", "brown", "white")
"""Families of RAL Classic, by a colour's first digit; those that it does not tell stand below."""
RAL_OTHERS = {
    "1000": "beige", "1001": "beige", "1013": "white", "1014": "beige", "1015": "beige", "4003": "pink", "4010": "pink",
    "5018": "turquoise", "5021": "turquoise", "6026": "turquoise", "9004": "black", "9005": "black", "9006": "grey",
    "9007": "grey", "9011": "black", "9017": "black",
}  # fmt: skip
NOTHING_DRAWN = ";"
"""A part whose material has it is drawn otherwise in each view."""


class Look(NamedTuple):
    """What something looks like; an empty word: not known, or, of a colour, that of the bare material."""

    material: str
    surface: str
    color: str


def look_of(text: str) -> Look | None:
    """The look that a part.json names; None where it is none of the renderer's own (a library's, a file's).

    >>> tuple(look_of("powder coated matte ral 5010")), tuple(look_of("steel brushed")), look_of("my oak")
    (('powder coated', 'matte', 'blue'), ('steel', 'brushed', ''), None)
    """
    words = text.lower().split()
    place = next((number for number, word in enumerate(words) if number and word in SURFACES), None)
    if place is None:
        return None
    return Look(" ".join(words[:place]), words[place], family(" ".join(words[place + 1 :])))


def family(color: str) -> str:
    """The family of a colour's name or RAL number; empty for others.

    >>> family("Light Grey"), family("RAL 9005"), family("natural")
    ('grey', 'black', '')
    """
    color = " ".join(color.lower().replace("_", " ").split())
    ral = re.fullmatch(r"ral ?-?([1-9]\d{3})", color)
    if ral is None:
        return FAMILIES.get(color, "")
    return RAL_OTHERS.get(ral[1], RAL[int(ral[1][0])])


def looks_of_part(folder: Path) -> dict[str, Look]:
    """What each view below `folder` was drawn with, by its file's name; without those of several materials, and those
    whose look has no words. Nothing where part.json is damaged or says nothing.
    """
    try:
        part = read_json(folder / "part.json", "views")
        whole = str(part.get("material") or "")
        drawn = {str(view["file"]): _of_view(view, whole) for view in part["views"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {file: look for file, look in drawn.items() if look is not None}


def _of_view(view: Mapping[str, Any], whole: str) -> Look | None:
    drawn = view.get("materials")
    texts = {str(text) for text in drawn.values()} if drawn else {whole}
    text = next(iter(texts))
    return look_of(text) if len(texts) == 1 and NOTHING_DRAWN not in text else None
