"""The settings that hold for all parts of a run, made of parameters (params.yaml, command line)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cad2real.errors import UserError
from render.materials.library import find_library, library_key
from render.params import BackgroundMode, EnvironmentMode, Framing, Output, Quality, RenderParams, Roll, Unknown
from render.parts.catalogue import Part
from render.views import cameras
from render.views.backgrounds import list_pictures
from render.views.environment_maps import bundled_maps
from render.views.lighting import list_maps


@dataclass(frozen=True)
class RenderSettings:
    """What holds for every part of a run: the render block of params.yaml, with its files found.

    `common_distance_mm` is set where all parts are seen from one distance. The names of the fields are part of every
    content key (`render.views.description`): renaming one would have everything rendered again.
    """

    views: int
    size: int
    sampler: str | Mapping[str, float]
    elevation_deg: float
    resting_tilt_deg: tuple[float, float]
    roll: Roll
    table: bool
    framing: Framing
    fill: float
    focal_length_mm: tuple[float, float]
    environment_mode: EnvironmentMode
    environment_maps: tuple[Path, ...]
    area_lights: int
    materials: Literal["metadata", "random"]
    variation: float
    outputs: tuple[Output, ...]
    quality: Quality
    seed: int
    common_distance_mm: float | None = None
    background: BackgroundMode = "transparent"
    background_color: str = ""
    background_pictures: tuple[Path, ...] = ()
    material_library: tuple[Path, ...] = ()
    material_library_key: str = ""
    unknown: Unknown = "vary"


def change_params(params: RenderParams, changes: dict[str, Any]) -> RenderParams:
    """`params` with `changes` by name, options of the command line. Raises UserError for what the schema refuses.

    >>> change_params(RenderParams(), {"sampler": "resting=0.75,sphere_equidistant=0.25"}).sampler
    {'resting': 0.75, 'sphere_equidistant': 0.25}
    """
    from pydantic import ValidationError

    if isinstance(changes.get("sampler"), str) and "=" in changes["sampler"]:
        changes = changes | {"sampler": _mixture(changes["sampler"])}
    try:
        return RenderParams.model_validate(params.model_dump() | changes)
    except ValidationError as error:
        first = error.errors()[0]
        raise UserError(f"--{first['loc'][0]}: {first['msg']}, but it is {first['input']!r}.", "See --help.") from None


def make_settings(params: RenderParams, parts: list[Part], root: Path) -> RenderSettings:
    """What holds for every part. Raises UserError where maps, pictures or materials cannot be found."""
    folder = params.environments.folder
    maps = list_maps(root / folder) if folder else bundled_maps()
    if params.environments.mode == "one":
        maps = tuple(path for path in maps if path.stem == params.environments.name)
        if not maps:
            raise UserError(
                f"There is no environment map called {params.environments.name!r} in {folder or 'the bpy package'}.",
                "Correct render.environments.name, or leave it out.",
            )
    library = find_library(root / params.material_library) if params.material_library else ()
    real_scale = params.framing == "real_scale"
    return RenderSettings(
        views=params.views,
        size=params.size,
        sampler=params.sampler if isinstance(params.sampler, str) else {str(k): v for k, v in params.sampler.items()},
        elevation_deg=params.elevation_deg,
        resting_tilt_deg=params.resting_tilt_deg,
        roll=params.roll,
        table=params.table,
        framing=params.framing,
        fill=params.fill,
        focal_length_mm=params.focal_length_mm,
        environment_mode=params.environments.mode,
        environment_maps=maps,
        area_lights=params.area_lights,
        materials=params.materials,
        variation=params.variation,
        outputs=params.outputs,
        quality=params.quality,
        seed=params.seed,
        common_distance_mm=common_distance(parts, params.fill, params.focal_length_mm) if real_scale else None,
        background=params.background,
        background_color=params.background_color if params.background == "color" else "",
        background_pictures=_background_pictures(params, root),
        material_library=library,
        material_library_key=library_key(library),
        unknown=params.unknown,
    )


def common_distance(parts: list[Part], fill: float, focal_length_mm: tuple[float, float]) -> float:
    """The one camera distance of `framing: real_scale`, in mm: the largest part of the catalogue just fits."""
    largest = max(math.dist((0, 0, 0), part.size_mm) for part in parts)
    return cameras.common_distance(largest, fixed_focal_length(focal_length_mm), fill)


def fixed_focal_length(focal_length_mm: tuple[float, float]) -> float:
    """The middle of the range: at one distance for all parts, the focal length must not change their scale either."""
    low, high = focal_length_mm
    return math.sqrt(low * high)


def _background_pictures(params: RenderParams, root: Path) -> tuple[Path, ...]:
    if params.background != "folder":
        return ()
    if params.background_folder is None:
        raise UserError("render.background is folder, but no folder is named.", "Set render.background_folder.")
    return list_pictures(root / params.background_folder)


def _mixture(text: str) -> dict[str, float]:
    try:
        return {name.strip(): float(share) for name, share in (item.split("=") for item in text.split(","))}
    except ValueError:
        raise UserError(
            f"--sampler {text!r} is not a mixture.", "Write for example resting=0.75,sphere_equidistant=0.25."
        ) from None
