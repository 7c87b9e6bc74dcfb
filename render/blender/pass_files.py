"""The files of a view's passes, and their entries in part.json."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from render.blender.passes import Passes, save_float_exr
from render.params import Output

DEPTH_STEPS = 65_000
"""The farthest point of a view in its 16-bit depth picture."""


def save_passes(folder: Path, number: int, passes: Passes, outputs: tuple[Output, ...]) -> dict[str, object]:
    """Writes what `outputs` asks for into `folder`; returns the keys that the view has in part.json because of it."""
    entries: dict[str, object] = {}
    if "depth" in outputs:
        exr, png = f"depth_{number:03d}.exr", f"depth_{number:03d}.png"
        save_float_exr(folder / exr, passes.depth)
        step = max(float(passes.depth.max()), 1e-9) / DEPTH_STEPS
        Image.fromarray(np.round(passes.depth / step).astype(np.uint16)).save(folder / png)
        entries |= {"depth": exr, "depth_png": png, "depth_png_step_mm": step}
    if "normals" in outputs:
        name = f"normals_{number:03d}.png"
        Image.fromarray(np.round((passes.normals + 1) / 2 * 255).astype(np.uint8)).save(folder / name)
        entries["normals"] = name
    if "mask" in outputs:
        name = f"mask_{number:03d}.png"
        Image.fromarray(((passes.bodies > 0) * 255).astype(np.uint8)).save(folder / name)
        entries["mask"] = name
    if "bodies" in outputs:
        name = f"bodies_{number:03d}.png"
        Image.fromarray(passes.bodies).save(folder / name)
        entries["bodies"] = name
    return entries
