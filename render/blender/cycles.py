"""Cycles: settings of a preset, and rendering one rectangle of the frame."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from render.materials.presets import PbrMaterial
from render.views.quality import CLEAR_SAMPLES, QualityPreset

SOFT_CLIP = "Khronos PBR Neutral"
"""View transform: keeps base colours as they are and rolls highlights off, like product photographs."""


SHINY = 0.3
"""Roughness below which Cycles takes a metal for a mirror and writes what it reflects into the denoiser's passes: they
are noisy then, and unless they are filtered too, the noise stays in the picture."""


def configure(scene: bpy.types.Scene, preset: QualityPreset, threads: int) -> None:
    """Sets `scene` up to render a part; data is kept between its views. `plan_samples` has the rest."""
    render, settings = scene.render, scene.cycles
    render.engine = "CYCLES"
    settings.use_adaptive_sampling = preset.adaptive_threshold > 0
    settings.adaptive_threshold = preset.adaptive_threshold
    settings.use_denoising = preset.denoise
    settings.denoiser = "OPENIMAGEDENOISE"
    settings.denoising_input_passes = "RGB_ALBEDO_NORMAL"
    settings.denoising_quality = preset.denoiser_quality
    settings.seed = 0
    settings.blur_glossy = preset.filter_glossy
    settings.sample_clamp_indirect = preset.clamp_indirect
    settings.film_transparent_glass = True  # what stands behind clear plastic shows through once it is composited
    settings.use_auto_tile = False
    render.use_persistent_data = True
    render.threads_mode = "FIXED"
    render.threads = threads
    render.film_transparent = True
    render.resolution_percentage = 100
    render.use_border = True
    render.use_crop_to_border = True
    render.use_compositing = render.use_sequencer = False
    render.image_settings.file_format = "PNG"
    render.image_settings.color_mode = "RGBA"
    render.image_settings.color_depth = "8"
    render.image_settings.compression = 0
    render.dither_intensity = 0.0
    scene.view_settings.view_transform = SOFT_CLIP


def plan_samples(scene: bpy.types.Scene, preset: QualityPreset, materials: list[PbrMaterial]) -> None:
    """Sets what depends on what the part is made of."""
    settings = scene.cycles
    settings.samples = preset.samples * (CLEAR_SAMPLES if any(pbr.transmission for pbr in materials) else 1)
    settings.denoising_prefilter = preset.prefilter
    if preset.prefilter == "NONE" and any(pbr.metallic and pbr.roughness < SHINY for pbr in materials):
        settings.denoising_prefilter = "FAST"


def render_rectangle(
    scene: bpy.types.Scene, size: int, rectangle: tuple[int, int, int, int], scratch: Path
) -> NDArray[np.uint8]:
    """Renders `rectangle` (x_min, y_min, x_max, y_max; pixels, y down) of a `size` x `size` frame: (h, w, 4) RGBA."""
    left, top, right, bottom = rectangle
    render = scene.render
    render.resolution_x = render.resolution_y = size
    # Blender cuts at whole pixels after multiplying; a quarter pixel keeps it from the wrong side of them.
    render.border_min_x, render.border_max_x = (left + 0.25) / size, (right + 0.25) / size
    render.border_min_y, render.border_max_y = (size - bottom + 0.25) / size, (size - top + 0.25) / size
    render.filepath = str(scratch)
    bpy.ops.render.render(write_still=True)
    pixels = _read(scratch)
    if pixels.shape[:2] != (bottom - top, right - left):
        raise RuntimeError(f"Blender rendered {pixels.shape[:2]} instead of {(bottom - top, right - left)}")
    return pixels


def show_again(scene: bpy.types.Scene, scratch: Path) -> NDArray[np.uint8]:
    """What was rendered last, as `scene`'s view settings show it now: (h, w, 4) RGBA."""
    bpy.data.images["Render Result"].save_render(str(scratch), scene=scene)
    return _read(scratch)


def _read(scratch: Path) -> NDArray[np.uint8]:
    with Image.open(scratch) as picture:
        return np.asarray(picture.convert("RGBA"))
