"""Renders one part into a folder: load, dress, place, light, shoot each view."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PIL import Image

from cad2real.files import write_json
from render.blender.pass_files import save_passes
from render.blender.scene import Studio, tight_box
from render.job import Job
from render.materials.assignment import wardrobe
from render.parts.catalogue import Part
from render.parts.geometry import Geometry, load_geometry
from render.views.backgrounds import lay_over
from render.views.description import Shot, View, content_key, describe_views
from render.views.outlines import resting_outlines


def render_part(job: Job, card: int, scratch: Path, tell: Callable[[int], None]) -> str:
    """Writes every view of the job's part and its part.json into its folder; returns the name of the device used.

    `card`: which graphics card, where there are several; `tell` is called with the count of views done. Raises
    GeometryError when the CAD file cannot be used.
    """
    part, shot, folder = job.part, job.shot, job.folder
    worn = wardrobe(part, shot.materials, shot.seed)
    geometry = load_geometry(job.file, part.units, skins=worn.keeps_skins)
    views = describe_views(part, geometry, shot)
    studio = Studio(geometry, worn, shot, job.threads, scratch, device=job.device, card=card)
    described: dict[int, dict[str, object]] = {}
    # Grouped by environment map: changing the world is what costs.
    for view in sorted(views, key=lambda view: (view.light.environment, view.number)):
        picture = studio.shoot(view)
        box = tight_box(picture)
        if box is None and geometry.size_mm.min() > 0:
            raise RuntimeError(f"view {view.number} came out empty")
        box = box or studio.rectangle(view)  # a sheet without thickness seen from its edge
        name = f"view_{view.number:03d}.png"
        described[view.number] = _describe(view, name, box, shot)
        behind = studio.behind(view)
        if view.backdrop is not None and behind is not None:
            alpha = f"alpha_{view.number:03d}.png"
            Image.fromarray(picture[..., 3]).save(folder / alpha)
            described[view.number] |= {"alpha": alpha, "background": view.backdrop.as_dict()}
            picture = lay_over(picture, behind)
        Image.fromarray(picture).save(folder / name, compress_level=4)
        if shot.outputs:
            described[view.number] |= save_passes(folder, view.number, studio.passes(view), shot.outputs)
        tell(len(described))
    write_json(
        folder / "part.json",
        _part_json(part, geometry, studio.material, shot) | {"views": [described[n] for n in sorted(described)]},
    )
    return studio.device


def _part_json(part: Part, geometry: Geometry, material: str, shot: Shot) -> dict[str, object]:
    return {
        "part_id": part.part_id,
        "label": part.label,
        "name": part.name,
        "content_key": content_key(part, shot),
        "material": material,
        "size_mm": [round(float(side), 6) for side in geometry.size_mm],
        "resting_outlines": resting_outlines(geometry),
        "units": part.units,
        "seed": shot.seed,
        "size": shot.size,
        "quality": shot.quality,
        "sampler": shot.sampler if isinstance(shot.sampler, str) else dict(shot.sampler),
    }


def _describe(view: View, name: str, box: tuple[int, int, int, int], shot: Shot) -> dict[str, object]:
    camera = view.camera
    extrinsics = [
        [*(round(float(value), 9) for value in row), round(float(shift) / 1000, 9)]
        for row, shift in zip(camera.rotation, camera.translation, strict=True)
    ]
    return {
        "file": name,
        "sampler": view.sampler,
        "intrinsics": [[round(float(value), 6) for value in row] for row in camera.intrinsics],
        "extrinsics": extrinsics,
        "environment": view.light.environment,
        "environment_rotation_deg": view.light.rotation_deg,
        "environment_strength": view.light.strength,
        "box": list(box),
        "seed": shot.seed,
    }
