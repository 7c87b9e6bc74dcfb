"""What a render was drawn with is read back from the words that the renderer wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from render.materials.colors import NAMED, RAL
from render.materials.plausible import COLORS
from render.materials.presets import MATERIAL_PRESETS
from search.looks.words import FAMILIES, Look, family, look_of, looks_of_part


@pytest.mark.parametrize(("kind", "surface"), sorted(MATERIAL_PRESETS))
def test_all_looks_of_the_renderer_are_read(kind: str, surface: str) -> None:
    assert look_of(f"{kind} {surface}") == Look(kind, surface, "")
    for color in ("light grey", "ral 3020", "#ff8000"):
        assert look_of(f"{kind} {surface} {color}") == Look(kind, surface, family(color))


def test_every_colour_that_is_drawn_or_named_has_a_family() -> None:
    drawn = {color for colors in COLORS.values() for color in colors} | set(NAMED) | {f"ral {code}" for code in RAL}
    assert {color for color in drawn if not family(color)} == {"natural"}
    assert {family(color) for color in drawn} <= {"", *FAMILIES.values()}


@pytest.mark.parametrize("text", ["", "steel", "my oak", "oak; left open: color; drawn for each view: x", "brushed"])
def test_other_words_are_no_look(text: str) -> None:
    assert look_of(text) is None


def test_views_of_a_part(tmp_path: Path) -> None:
    def looks(content: object) -> dict[str, Look]:
        (tmp_path / "part.json").write_text(json.dumps(content) if not isinstance(content, str) else content)
        return looks_of_part(tmp_path)

    views = [
        {"file": "a.png", "materials": {"*": "plastic matte red"}},
        {"file": "b.png", "materials": {"cap": "plastic matte red", "*": "steel plain"}},
        {"file": "c.png"},
    ]
    whole = "plastic; left open: color; drawn for each view: plastic matte red"
    assert looks({"material": whole, "views": views}) == {"a.png": Look("plastic", "matte", "red")}
    assert looks({"material": "brass polished", "views": views[2:]}) == {"c.png": Look("brass", "polished", "")}
    for damaged in ("{", {}, {"views": 3}, {"views": [3]}, {"views": [{"materials": {}}]}, []):
        assert looks(damaged) == {}
