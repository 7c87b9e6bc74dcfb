"""From what a part is said to be made of to a look that can be rendered: words that the vocabulary of looks has."""

from __future__ import annotations

from render.materials.material_words import Guess
from render.materials.presets import MATERIAL_PRESETS
from render.materials.vocabulary import UNKNOWN_MATERIAL

LOOKS = {
    "stainless steel": "stainless-steel", "zinc die-cast": "zinc-die-cast", "bronze": "tin-bronze", "silicone":
    "silicone-rubber", "carbon fibre": "carbon-fibre",
}  # fmt: skip
"""Materials whose look has another name (see LATER in `render.materials.vocabulary`)."""
NEAREST = {
    "stainless-steel": {"polished": "bright", "plain": "bright"},
    "steel": {"bright": "plain"},
    "aluminium": {"bright": "plain", "polished": "plain", "sandblasted": "anodized"},
    "brass": {"bright": "polished"},
}
"""Surfaces that a look does not have, and which of its own is nearest."""
BLACKENED = {("aluminium", "burnished"): "anodized"}
"""Words for blackened steel are said of other metals as well, which are dyed black. "Steel, black" is black oxide."""
DYED = ("anodized", "hardcoated")
UNKNOWN = (UNKNOWN_MATERIAL, "", "")
"""Of a material that nobody knows, all is open."""


def look(guess: Guess) -> tuple[str, str, str]:
    """Words (material, surface, color) for a part list that give `guess` its look; empty ones where it says nothing.

    >>> look(Guess("stainless steel", "polished"))
    ('stainless-steel', 'bright', '')
    >>> look(Guess("steel", "powder coated", "ral 7016")), look(Guess(unknown=True))[0]
    (('powder coated', '', 'ral 7016'), 'unknown')
    >>> look(Guess("aluminium", "burnished")), look(Guess("steel", "", "black"))
    (('aluminium', 'anodized', 'black'), ('steel', 'burnished', ''))
    """
    if guess.unknown and not (guess.material or guess.surface or guess.color):
        return UNKNOWN
    kind = LOOKS.get(guess.material, guess.material)
    if not kind:
        return (
            ("powder coated", "", guess.color) if guess.surface == "powder coated" else ("", guess.surface, guess.color)
        )
    metal = any(preset.metallic for (name, _), preset in MATERIAL_PRESETS.items() if name == kind)
    if guess.surface == "powder coated":
        return ("powder coated" if metal else kind, "", guess.color)
    said = BLACKENED.get((kind, guess.surface), guess.surface)
    if (kind, said, guess.color) == ("steel", "", "black"):
        said = "burnished"
    surface = NEAREST.get(kind, {}).get(said, said)
    if (kind, surface) not in MATERIAL_PRESETS:
        surface = ""
    color = guess.color or ("black" if said != guess.surface and kind == "aluminium" else "")
    if metal and surface and surface not in DYED:
        color = ""  # black oxide and yellow zinc have their colour; only paint and dye have another
    if kind == "wood":
        surface = "mdf" if "mdf" in guess.rule.lower() or "hdf" in guess.rule.lower() else "birch"
    return kind, surface, color
