"""The parts of scenes as models: triangles in mm in the CAD's own frame, with what BOP wants to know of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist

from cad2real.files import atomic_file, write_json
from render.blender.tabletop.clearance import Surface


def save_model(surface: Surface, folder: Path, part_id: str) -> None:
    """Writes part_id.ply and part_id.json into `folder`, unless they are there."""
    import trimesh

    if (folder / f"{part_id}.json").is_file():
        return
    with atomic_file(folder / f"{part_id}.ply") as temporary:
        mesh = trimesh.Trimesh(surface.vertices, surface.triangles, process=False)
        temporary.write_bytes(mesh.export(file_type="ply"))
    low, size = surface.vertices.min(0), np.ptp(surface.vertices, axis=0)
    info = {"diameter": _diameter(surface.vertices)}
    info |= {f"min_{axis}": float(value) for axis, value in zip("xyz", low, strict=True)}
    info |= {f"size_{axis}": float(value) for axis, value in zip("xyz", size, strict=True)}
    write_json(folder / f"{part_id}.json", info)


def _diameter(points: np.ndarray) -> float:
    """The largest distance of two points, mm."""
    try:
        points = points[ConvexHull(points).vertices]
    except QhullError:
        points = np.unique(points, axis=0)
    step = max(1, len(points) // 3000)
    return float(pdist(points[::step]).max())
