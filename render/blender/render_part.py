"""Renders one part into a folder: load it, assign its materials, describe its views, set up the scene, render each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cad2real.files import write_json
from render.blender.device import Compute
from render.blender.pass_files import save_passes
from render.blender.scene import BlenderScene, tight_box
from render.job import Job
from render.materials.assignment import assign_materials
from render.parts.catalogue import Part
from render.parts.geometry import Geometry, load_geometry
from render.views.backgrounds import lay_over
from render.views.description import View, content_key, describe_views
from render.views.outlines import resting_outlines
from render.views.settings import RenderSettings


def render_part(job: Job, card: int, scratch: Path, progress: Callable[[int], None]) -> str:
    """Writes every view of the job's part and its part.json into its folder; returns the name of the device used.

    `card`: which graphics card, where there are several; `progress` is called with the count of views done. Raises
    GeometryError when the CAD file cannot be used.
    """
    part, settings = job.part, job.settings
    assigned = assign_materials(part, settings.materials, settings.seed)
    geometry = load_geometry(job.file, part.units, assigned.keeps_file_materials)
    views = describe_views(part, geometry, settings)
    scene = BlenderScene(geometry, assigned, settings, Compute(job.threads, job.device, card), scratch)
    described: dict[int, dict[str, object]] = {}
    # Grouped by environment map: changing the world is what costs.
    for view in sorted(views, key=lambda view: (view.light.environment, view.number)):
        picture = scene.render(view)
        box = tight_box(picture)
        if box is None and geometry.size_mm.min() > 0:
            raise RuntimeError(f"view {view.number} came out empty")
        box = box or scene.rectangle(view)  # a sheet without thickness seen from its edge
        described[view.number] = _view_json(view, box, settings) | _save_view(job, scene, view, picture)
        progress(len(described))
    described_views = {"views": [described[number] for number in sorted(described)]}
    write_json(job.folder / "part.json", _part_json(part, geometry, scene.material, settings) | described_views)
    return scene.device


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
