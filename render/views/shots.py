"""From parameters (params.yaml, command line) to the shot that holds for all parts of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cad2real.errors import UserError
from render.materials.library import find_library, library_key
from render.params import RenderParams
from render.parts.catalogue import Part
from render.views.backgrounds import list_pictures
from render.views.description import Shot, common_distance
from render.views.environment_maps import bundled_maps
from render.views.lighting import list_maps


def change_params(params: RenderParams, said: dict[str, Any]) -> RenderParams:
    """`params` with what the command line said. Raises UserError for values that the schema refuses."""
    from pydantic import ValidationError

    if isinstance(said.get("sampler"), str) and "=" in said["sampler"]:
        said = said | {"sampler": _mixture(said["sampler"])}
    try:
        return RenderParams.model_validate(params.model_dump() | said)
    except ValidationError as error:
        first = error.errors()[0]
        raise UserError(f"--{first['loc'][0]}: {first['msg']}, but it is {first['input']!r}.", "See --help.") from None


def make_shot(params: RenderParams, parts: list[Part], root: Path) -> Shot:
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
    return Shot(
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
    )


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
