"""Plain colours that a CAD file gives its surfaces, as materials: STEP, 3MF, PLY, and OBJ with its MTL.

Such a colour is what somebody saw on a screen, no measured reflectance: it says nothing of metal or gloss, a black is
darker than any real thing, and the grey that a program gives to all that nobody coloured says nothing at all.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from render.materials.colors import Rgb
from render.materials.file_materials import DARKEST, FileMaterial

ROUGHNESS = 0.42
"""Of a surface of which only the colour is known: between moulded plastic and satin paint."""
UNSET_GREY = (0.5, 0.96)
"""sRGB: a grey within these ends is what programs give to bodies that nobody coloured (SolidWorks .79 .82 .93)."""
UNSET_SPREAD = 0.15
"""sRGB: between the channels of such a grey."""
MOSTLY = 0.5
"""Share of a body's surface that must have a colour for the file to say what the body looks like."""
UNCOLORED: Rgb = (0.45, 0.45, 0.45)
"""Linear: faces without a colour on a body that has some."""

Colors = NDArray[np.float32]


def to_linear(srgb: Colors) -> Colors:
    """Colours (..., 3 or 4; the fourth is opacity) from sRGB to linear light, both 0-1."""
    values = np.clip(srgb, 0, 1)
    light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4).astype(values.dtype)
    light[..., 3:] = values[..., 3:]
    return light


def to_srgb(light: Colors) -> Colors:
    """The inverse of `to_linear`."""
    values = np.clip(light, 0, 1)
    srgb = np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055).astype(values.dtype)
    srgb[..., 3:] = values[..., 3:]
    return srgb


def is_unset(colors: Colors) -> NDArray[np.bool_]:
    """Which of `colors` (n, 4; linear) say nothing: those that are not numbers, and programs' default greys.

    >>> is_unset(to_linear(np.float32([[0.792, 0.820, 0.933, 1], [0.9, 0.1, 0.1, 1], [1, 1, 1, 1]])))
    array([ True, False, False])
    """
    srgb = to_srgb(np.nan_to_num(colors[:, :3]))
    darkest, lightest = UNSET_GREY
    grey = (np.ptp(srgb, axis=1) <= UNSET_SPREAD) & (srgb.min(1) >= darkest) & (srgb.max(1) <= lightest)
    return np.isnan(colors).any(1) | grey


def visible(color: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """`color` (linear RGBA), no darker than things are."""
    red, green, blue, alpha = color
    return (max(red, DARKEST), max(green, DARKEST), max(blue, DARKEST), alpha)


def material_of_triangles(
    colors: Colors, vertices: NDArray[np.float64], triangles: NDArray[np.int64]
) -> FileMaterial | None:
    """The material of a body whose triangles (m, 3) have `colors` (m, 4; linear, not a number: none); None where most
    of its surface has none. Triangles of different colours share no vertex.
    """
    edges = vertices[triangles[:, 1:]] - vertices[triangles[:, :1]]
    areas = np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1)
    unset = is_unset(colors)
    if areas[~unset].sum() <= MOSTLY * areas.sum():
        return None
    shown = np.where(np.isnan(colors).any(1)[:, None], np.array((*UNCOLORED, 1), np.float32), colors).astype(np.float32)
    if (shown == shown[0]).all():
        return plain_material(shown[0])
    shown[:, :3] = np.maximum(shown[:, :3], DARKEST)
    of_vertices = np.ones((len(vertices), 4), np.float32)
    of_vertices[triangles] = shown[:, None]
    return FileMaterial(roughness=ROUGHNESS, colors=of_vertices, alpha=_alpha(float(shown[:, 3].min())))


def material_of_vertices(colors: Colors) -> FileMaterial | None:
    """The material of a body whose vertices have `colors` (n, 4; linear); None where most of them say nothing."""
    if is_unset(colors).mean() >= MOSTLY:
        return None
    if (colors == colors[0]).all():
        return plain_material(colors[0])
    shown = colors.copy()
    shown[:, :3] = np.maximum(shown[:, :3], DARKEST)
    return FileMaterial(roughness=ROUGHNESS, colors=shown, alpha=_alpha(float(shown[:, 3].min())))


def plain_material(color: Colors, roughness: float = ROUGHNESS) -> FileMaterial:
    """The material of a body that is all of `color` (linear RGBA)."""
    red, green, blue, alpha = (float(channel) for channel in np.clip(color, 0, 1))
    return FileMaterial(visible((red, green, blue, alpha)), roughness=roughness, alpha=_alpha(alpha))


def _alpha(least: float) -> str:
    return "BLEND" if least < 1 else "OPAQUE"
