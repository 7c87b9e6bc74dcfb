"""Silence is variation: what a part list says is kept, what it leaves open is drawn, by seed, part and view alone."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import pytest

from render.materials.assignment import MaterialAssignment, assign_materials
from render.materials.presets import MATERIAL_PRESETS
from render.materials.unsaid import place_of, unsaid
from render.materials.vocabulary import read_material, vocabulary


def drawn(*words: str, views: int = 300) -> Counter[str]:
    """How often each material is drawn for a part with these words."""
    left = unsaid(*words)
    found: Counter[str] = Counter()
    for view in range(views):
        complete = left.complete(place_of(0, "part", view, "*"))
        material, notes = read_material(*complete)
        assert notes == (), complete
        found[material.name] += 1
    return found


def assigned(material: str = "", surface: str = "", color: str = "", bodies: str = "") -> MaterialAssignment:
    part = SimpleNamespace(part_id="part", material=material, surface=surface, color=color, bodies=bodies)
    return assign_materials(part, "metadata", 0, "vary")


@pytest.mark.parametrize("words", vocabulary())
def test_what_is_said_is_kept_exactly(words: tuple[str, str, str]) -> None:
    assert unsaid(*words).open == ()
    everywhere = assigned(*words)
    assert everywhere.for_view(0, "part", 5) is everywhere


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (("plastic", "glossy", ""), ("color",)),
        (("plastic", "", ""), ("surface", "color")),
        (("plastic", "", "red"), ("surface",)),
        (("plastic", "matte", "octarine"), ("color",)),
        (("steel", "", ""), ("surface",)),
        (("steel", "furry", ""), ("surface",)),
        (("steel", "", "red"), ()),  # paint hides the surface
        (("steel", "galvanized", ""), ()),  # no list says that zinc is not painted
        (("cast iron", "", ""), ()),
        (("aluminium", "", "black"), ()),  # dyed, so anodized
        (("powder coated", "", "natural"), ()),
        (("", "", ""), ("material", "surface", "color")),
        (("unobtainium", "", ""), ("material", "surface", "color")),
        (("unknown", "", ""), ("material", "surface", "color")),
        (("", "", "red"), ("material", "surface")),
    ],
)
def test_what_is_left_open(words: tuple[str, str, str], left: tuple[str, ...]) -> None:
    assert unsaid(*words).open == left


def test_what_is_said_bounds_what_is_drawn() -> None:
    assert {name.rpartition(" glossy ")[0] for name in drawn("plastic", "glossy", "")} == {"plastic"}
    steels = {f"steel {surface}" for kind, surface in MATERIAL_PRESETS if kind == "steel"}
    assert set(drawn("steel", "", "")) == steels
    assert {name.split()[0] for name in drawn("stainless steel", "", "")} == {"stainless-steel"}
    assert all(name.split()[1] == "brushed" for name in drawn("", "brushed", ""))
    assert all(name.endswith(" red") for name in drawn("", "", "red"))
    assert set(drawn("", "", "transparent")) == {"plexiglas glossy"}
    metals = {f"{kind} {surface}" for (kind, surface), preset in MATERIAL_PRESETS.items() if preset.metallic}
    assert all(name.removesuffix(f" {name.split()[-1]}") in metals or name in metals for name in drawn("metal", "", ""))
    assert len(drawn("", "", "")) > 60


def test_common_colours_come_often_and_early() -> None:
    many = drawn("plastic", "glossy", "", views=400)
    assert many.most_common(1)[0][0] == "plastic glossy black"
    assert 1 < many["plastic glossy black"] / many["plastic glossy red"] < 4
    # Even twelve views show many colours, and none of them most of the time: no part is known by its colour.
    for start in range(0, 120, 12):
        few = Counter(
            unsaid("plastic", "", "").complete(place_of(1, "p", view, "*"))[2] for view in range(start, start + 12)
        )
        assert len(few) >= 8
        assert max(few.values()) <= 4


def test_a_draw_depends_on_seed_part_and_view_only() -> None:
    first = place_of(3, "bolt", 7, "*")
    assert first == place_of(3, "bolt", 7, "*")
    assert len({first, place_of(4, "bolt", 7, "*"), place_of(3, "nut", 7, "*"), place_of(3, "bolt", 8, "*")}) == 4
    one, other = assigned("plastic"), assigned("plastic", bodies="screw*=steel")
    for view in range(20):
        # Another body with a draw of its own moves no other's.
        assert one.for_view(0, "part", view).main == other.for_view(0, "part", view).main


def test_bodies_are_drawn_on_their_own() -> None:
    both = assigned("plastic", "matte", "blue", bodies="screw*=steel; cap=rubber matte black")
    seen = [both.for_view(0, "part", view) for view in range(40)]
    assert {view.main.name for view in seen} == {"plastic matte blue"}
    assert {view.material("cap").name for view in seen} == {"rubber matte black"}
    assert len({view.material("Screw 1").name for view in seen}) == 10
    assert both.left_open("screw") == ("surface",)
    assert both.left_open("cap") == both.left_open("anything") == ()


def test_the_library_is_asked_for_what_is_said_first() -> None:
    velvet = assigned("velvet")
    assert velvet.library_names("any") == ("velvet",)
    view = velvet.for_view(0, "part", 0)
    assert view.library_names("any") == ("velvet", view.main.name)


def test_by_default_all_views_have_one_look() -> None:
    part = SimpleNamespace(part_id="part", material="plastic", surface="", color="", bodies="")
    plain = assign_materials(part, "metadata", 0, "default")
    assert plain.for_view(0, "part", 3) is plain
    assert plain.main.name == "plastic matte grey"
    part.material = "unknown"
    assert assign_materials(part, "metadata", 0, "default").main.name == "plastic matte light grey"
    assert read_material("unknown", "", "")[1] == ()
