"""The files that render settings refer to, so that they can go with them to another machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from render.views.settings import RenderSettings

FIELDS = ("environment_maps", "background_pictures", "material_library")


def settings_files(settings: RenderSettings) -> dict[str, Path]:
    """Environment maps, background pictures and material library by names of their own; files may be called alike."""
    return {
        f"{field}/{number}/{path.name}": path
        for field in FIELDS
        for number, path in enumerate(getattr(settings, field))
    }


def with_files(settings: RenderSettings, places: Mapping[str, Path]) -> RenderSettings:
    """`settings` with the files that lie in `places`, by the names of `settings_files`."""
    moved = {
        field: tuple(places[name] for name in settings_files(settings) if name.startswith(field)) for field in FIELDS
    }
    return replace(
        settings,
        environment_maps=moved["environment_maps"],
        background_pictures=moved["background_pictures"],
        material_library=moved["material_library"],
    )
