"""Finds the environment maps that come with the bpy package, without importing it (which takes a second)."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from cad2real.errors import UserError
from render.views.lighting import list_maps


def bundled_maps() -> tuple[Path, ...]:
    """The eight CC0 maps of the bpy package: city, courtyard, forest, interior, night, studio, sunrise, sunset."""
    found = find_spec("bpy")
    folders = [Path(p) for p in (found.submodule_search_locations or ())] if found else []
    for folder in folders:
        for world in folder.glob("*/datafiles/studiolights/world"):
            return list_maps(world)
    raise UserError("The bpy package (Blender) is not installed completely.", "Run `make setup` again.")
