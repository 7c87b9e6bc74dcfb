"""Words to materials: the vocabulary, synonyms, colours, bodies by name, and the notes on unknown words."""

from __future__ import annotations

import pytest

from render.materials.assignment import read_bodies
from render.materials.colors import linear, read_color
from render.materials.vocabulary import read_material, vocabulary


def test_the_whole_vocabulary_is_understood() -> None:
    materials = set()
    for words in vocabulary():
        material, notes = read_material(*words)
        assert notes == ()
        materials.add(material)
    assert len(materials) == len(vocabulary()) >= 40


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("Steel", "Brushed", ""), "steel brushed"),
        (("stainless steel", "satin", "silver"), "steel brushed"),
        (("aluminum", "anodised", "RAL 7015"), "aluminium anodized ral 7015"),
        (("steel", "zinc-plated", "natural"), "steel galvanized"),
        (("ABS", "shiny", "#ff8000"), "plastic glossy #ff8000"),
        (("brass", "", ""), "brass brushed"),
        (("powder-coated", "", "RAL5010"), "powder coated matte ral5010"),
    ],
)
def test_words_are_taken_as_people_write_them(words: tuple[str, str, str], name: str) -> None:
    material, notes = read_material(*words)
    assert (material.name, notes) == (name, ())


@pytest.mark.parametrize(
    ("words", "note"),
    [
        (("unobtainium", "", ""), "material 'unobtainium' is not known"),
        (("", "", ""), "no material is given"),
        (("steel", "furry", ""), "surface 'furry' is not known for steel"),
        (("plastic", "matte", "octarine"), "color 'octarine' is not known"),
    ],
)
def test_unknown_words_are_noted_and_something_is_rendered(words: tuple[str, str, str], note: str) -> None:
    material, notes = read_material(*words)
    assert material.color
    assert any(note in given for given in notes)


def test_metals_shine_and_plastics_do_not() -> None:
    assert read_material("brass", "brushed", "")[0].metallic == 1
    assert read_material("plastic", "matte", "black")[0].metallic == 0
    assert read_material("plexiglas", "", "")[0].transmission == 1
    assert read_material("steel", "", "red")[0].metallic == 0  # painted


def test_colors() -> None:
    assert read_color("#ffffff") == (1, 1, 1)
    assert read_color("RAL 9005") == read_color("ral_9005")
    assert read_color("nonsense") is None
    assert linear(0.5) == pytest.approx(0.214, abs=1e-3)


def test_bodies_of_an_assembly() -> None:
    materials, notes = read_bodies("housing*=aluminium anodized black; Screw = stainless steel brushed")
    assert [(pattern, material.name) for pattern, material in materials] == [
        ("housing*", "aluminium anodized black"),
        ("screw", "steel brushed"),
    ]
    assert notes == ()
    assert "left out" in read_bodies("nonsense")[1][0]
