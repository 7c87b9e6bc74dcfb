"""The files that a shot refers to, so that they can go with it to another machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from render.views.description import Shot

FIELDS = ("environment_maps", "background_pictures", "material_library")


def shot_files(shot: Shot) -> dict[str, Path]:
    """Environment maps, background pictures and material library by names of their own; files may be called alike."""
    return {
        f"{field}/{number}/{path.name}": path for field in FIELDS for number, path in enumerate(getattr(shot, field))
    }


def with_files(shot: Shot, places: Mapping[str, Path]) -> Shot:
    """`shot` with the files that lie in `places`, by the names of `shot_files`."""
    moved = {field: tuple(places[name] for name in shot_files(shot) if name.startswith(field)) for field in FIELDS}
    return replace(
        shot,
        environment_maps=moved["environment_maps"],
        background_pictures=moved["background_pictures"],
        material_library=moved["material_library"],
    )
