"""Renders one part into a folder: load it, assign its materials, describe its views, set up the scene, render each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cad2real.files import write_json
from render.blender.device import Compute
from render.blender.pass_files import save_passes
from render.blender.scene import BlenderScene, Box, tight_box
from render.job import Job
from render.materials.assignment import WHOLE, MaterialAssignment
from render.parts.catalogue import Part
from render.parts.geometry import Geometry, GeometryError, load_geometry
from render.views.backgrounds import lay_over
from render.views.cameras import is_seen_from_its_edge
from render.views.description import View, content_key, describe_views, part_materials
from render.views.outlines import resting_outlines
from render.views.settings import RenderSettings

SHOWN = 3
"""Drawn materials that a part's description names."""


def render_part(job: Job, card: int, scratch: Path, progress: Callable[[int], None]) -> str:
    """Writes every view of the job's part and its part.json into its folder; returns the name of the device used.

    `card`: which graphics card, where there are several; `progress` is called with the count of views done. Raises
    GeometryError when the CAD file cannot be used.
    """
    part, settings = job.part, job.settings
    assigned = part_materials(part, settings)
    geometry = load_geometry(job.file, part.units, assigned.keeps_file_materials)
    views = describe_views(part, geometry, settings)
    # Dressed as the first view is; the others change what they draw otherwise.
    scene = BlenderScene(geometry, views[0].assigned, settings, Compute(job.threads, job.device, card), scratch)
    described: dict[int, dict[str, Any]] = {}
    # Grouped by environment map: changing the world is what costs.
    for view in sorted(views, key=lambda view: (view.light.environment, view.number)):
        picture = scene.render(view)
        box = tight_box(picture) or _box_of_empty(scene, view, geometry)
        described[view.number] = _view_json(view, box, settings) | {"exposure_stops": scene.stops}
        described[view.number] |= _save_view(job, scene, view, picture)
        if scene.materials.drawn:
            described[view.number]["materials"] = scene.materials.drawn
        progress(len(described))
    described_views = [described[number] for number in sorted(described)]
    material = _material(scene.materials.name, assigned, described_views)
    write_json(job.folder / "part.json", _part_json(part, geometry, material, settings) | {"views": described_views})
    return scene.device


def _box_of_empty(scene: BlenderScene, view: View, geometry: Geometry) -> Box:
    """The box of a picture with nothing on it, as of a sheet that is seen from its edge. Raises GeometryError where the
    part should be seen.
    """
    if not is_seen_from_its_edge(view.camera.project(geometry.points)):
        raise GeometryError(
            f"nothing of the part is to be seen in view {view.number}, though it is {scene.materials.name}: its "
            "materials are transparent, or its triangles far smaller than the part; give it a material in the part "
            "list, or export it again"
        )
    return scene.rectangle(view)


def _material(whole: str, assigned: MaterialAssignment, views: list[dict[str, Any]]) -> str:
    """What the part as a whole is made of, in words: where views draw it, what is open and what was drawn most."""
    drawn = Counter(view["materials"][WHOLE] for view in views if WHOLE in view.get("materials", {}))
    if not drawn:
        return whole
    left = assigned.unsaid[-1]
    said = " ".join(word for word in left.words if word) if left is not None else ""
    what = ", ".join(left.open) if left is not None else ""
    usual = ", ".join(f"{name} {count}" for name, count in drawn.most_common(SHOWN))
    more = f" and {len(drawn) - SHOWN} more" if len(drawn) > SHOWN else ""
    return f"{said or 'nothing said'}; left open: {what}; drawn for each view: {usual}{more}"


def _save_view(job: Job, scene: BlenderScene, view: View, picture: NDArray[np.uint8]) -> dict[str, object]:
    """Writes the files of `view`: its picture on its backdrop, and the passes; returns their entries in part.json."""
    name = _picture_name(view)
    entries: dict[str, object] = {}
    behind = scene.render_backdrop(view)
    if view.backdrop is not None and behind is not None:
        alpha = f"alpha_{view.number:03d}.png"
        Image.fromarray(picture[..., 3]).save(job.folder / alpha)
        entries |= {"alpha": alpha, "background": view.backdrop.as_dict()}
        picture = lay_over(picture, behind)
    Image.fromarray(picture).save(job.folder / name, compress_level=4)
    if job.settings.outputs:
        entries |= save_passes(job.folder, view.number, scene.render_passes(), job.settings.outputs)
    return entries


def _picture_name(view: View) -> str:
    return f"view_{view.number:03d}.png"


def _part_json(part: Part, geometry: Geometry, material: str, settings: RenderSettings) -> dict[str, object]:
    return {
        "part_id": part.part_id,
        "label": part.label,
        "name": part.name,
        "content_key": content_key(part, settings),
        "material": material,
        "size_mm": [round(float(side), 6) for side in geometry.size_mm],
        "resting_outlines": resting_outlines(geometry),
        "units": part.units,
        "seed": settings.seed,
        "size": settings.size,
        "quality": settings.quality,
        "sampler": settings.sampler if isinstance(settings.sampler, str) else dict(settings.sampler),
    }


def _view_json(view: View, box: tuple[int, int, int, int], settings: RenderSettings) -> dict[str, object]:
    camera = view.camera
    extrinsics = [
        [*(round(float(value), 9) for value in row), round(float(shift) / 1000, 9)]
        for row, shift in zip(camera.rotation, camera.translation, strict=True)
    ]
    return {
        "file": _picture_name(view),
        "sampler": view.sampler,
        "intrinsics": [[round(float(value), 6) for value in row] for row in camera.intrinsics],
        "extrinsics": extrinsics,
        "environment": view.light.environment,
        "environment_rotation_deg": view.light.rotation_deg,
        "environment_strength": view.light.strength,
        "box": list(box),
        "seed": settings.seed,
    }
