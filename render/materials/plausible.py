"""What a part may look like where its part list does not say: kinds, surfaces and colours, weighted by how common.

The shares are of no set of photos: they are what a workshop or a shop has on its shelves, roughly, and every kind has
some, for a network that has seen a part in many looks has learned its shape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from render.materials.colors import RAL

KINDS = {
    "plastic": 5.0, "steel": 5.0, "aluminium": 3.0, "stainless-steel": 2.0, "powder coated": 2.0, "brass": 1.0,
    "rubber": 1.0, "cast iron": 0.5, "copper": 0.5, "zinc-die-cast": 0.5, "titanium": 0.25, "tin-bronze": 0.25,
    "chrome": 0.25, "wood": 0.5, "plexiglas": 0.5, "silicone-rubber": 0.25, "foam": 0.25, "carbon-fibre": 0.25,
}  # fmt: skip
"""Shares of materials. Of a part that is said to be in a colour: of those that come in any colour."""
FIRST_FINISH = 3.0
"""How often the first surface of a material is drawn, where each of its others is drawn once."""

COLORS: dict[str, dict[str, float]] = {
    "plastic": {
        "black": 5, "white": 3, "grey": 2, "light grey": 2, "dark grey": 2, "red": 2, "blue": 2, "yellow": 2,
        "green": 2, "orange": 1.5, "beige": 1, "brown": 1, "turquoise": 0.5, "purple": 0.5, "pink": 0.5, "ivory": 0.5,
    },
    "powder coated": {
        "ral 9005": 4, "ral 7035": 4, "ral 7016": 3, "ral 9010": 2, "ral 9006": 2, "ral 5010": 1.5, "ral 3020": 1,
        "ral 2004": 1, "ral 1021": 1, "ral 6018": 1, "ral 5015": 1,
    },
    "rubber": {"black": 12, "dark grey": 2, "grey": 1, "white": 1, "red": 1, "blue": 0.5, "brown": 0.5},
    "silicone-rubber": {"light grey": 3, "white": 2, "red": 2, "black": 1, "blue": 0.5, "green": 0.5},
    "foam": {"black": 4, "dark grey": 3, "white": 2, "grey": 1, "yellow": 0.5, "blue": 0.5},
    "plexiglas": {"transparent": 8, "grey": 1, "red": 0.5, "blue": 0.5, "green": 0.5, "orange": 0.5, "brown": 0.5},
    "aluminium": {"natural": 8, "black": 2, "red": 0.5, "blue": 0.5, "gold": 0.5, "green": 0.25, "orange": 0.25},
}  # fmt: skip
"""Shares of colours of what comes in many. Of bare metals no colour is open: where one is painted, lists say so."""
DYED = ("aluminium", "anodized")
"""Of aluminium, this surface alone takes colours."""
ANY_RAL = {"plastic": 0.25, "powder coated": 0.25}
"""Share of views in any colour of the RAL table, all alike: no list of common colours is complete."""


def takes_colors(kind: str, surface: str) -> bool:
    """Whether a material with this surface comes in many colours, so that silence leaves its colour open."""
    return kind in COLORS and (kind != DYED[0] or surface == DYED[1])


def draw_color(kind: str, place: float) -> str:
    """The colour at `place` (0-1) among those of `kind`.

    >>> draw_color("plastic", 0.0), draw_color("rubber", 0.5)
    ('black', 'black')
    """
    own = 1 - ANY_RAL.get(kind, 0.0)
    if place >= own:
        return f"ral {sorted(RAL)[min(int((place - own) / (1 - own) * len(RAL)), len(RAL) - 1)]}"
    return pick(COLORS[kind], place / own)


def draw_kind(fits: Callable[[str], bool], place: float) -> str:
    """The material at `place` (0-1) among those that fit; all are open where none does."""
    return pick({kind: share for kind, share in KINDS.items() if fits(kind)} or KINDS, place)


def draw_finish(surfaces: list[str], first: str, place: float) -> str:
    """The surface at `place` (0-1) among `surfaces`; `first` is the usual one."""
    return pick({surface: FIRST_FINISH if surface == first else 1.0 for surface in surfaces}, place)


def pick(shares: Mapping[str, float], place: float) -> str:
    """The name in which `place` (0-1) falls when all have room by their shares, in their order.

    >>> pick({"a": 3, "b": 1}, 0.7), pick({"a": 3, "b": 1}, 0.8)
    ('a', 'b')
    """
    rest = place * sum(shares.values())
    for name, share in shares.items():
        rest -= share
        if rest < 0:
            return name
    return name
