"""What Cycles computes on: a graphics card where there is one, else the processor."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import bpy

KINDS = ("OPTIX", "CUDA", "HIP", "ONEAPI", "METAL")
"""Best first."""


class NoGpuError(Exception):
    """A graphics card was demanded and there is none that Cycles can use."""


@dataclass(frozen=True)
class Compute:
    """What a scene is rendered with: `threads` of the processor, or a graphics card.

    `device`: "auto" (a graphics card where there is one), "cpu" or "gpu"; `card`: which graphics card, where there are
    several (wrapping around).
    """

    threads: int
    device: str = "cpu"
    card: int = 0


def use_device(scene: bpy.types.Scene, compute: Compute) -> str:
    """Sets `scene` up for the device of `compute` and returns the device's name. Call it after every reset of Blender's
    settings. Raises NoGpuError.
    """
    preferences = _preferences()
    kind = None if compute.device == "cpu" or preferences is None else _kind()
    if kind is None:
        if compute.device == "gpu":
            raise NoGpuError("no graphics card that Blender can use was found; set render.device to auto or cpu")
        scene.cycles.device = "CPU"
        return "CPU"
    preferences.compute_device_type = kind
    preferences.refresh_devices()
    cards = [device for device in preferences.devices if device.type == kind]
    chosen = cards[compute.card % len(cards)]
    for device in preferences.devices:
        device.use = device == chosen
    scene.cycles.device = "GPU"
    return f"{kind} {chosen.name}"


def _preferences() -> Any:
    addon = bpy.context.preferences.addons.get("cycles")
    return addon.preferences if addon else None


@cache
def _kind() -> str | None:
    """The best kind of card that is present; looking takes a moment, so once a process."""
    preferences = _preferences()
    for kind in KINDS:
        try:
            preferences.compute_device_type = kind
        except TypeError:  # not built into this Blender
            continue
        preferences.refresh_devices()
        if any(device.type == kind for device in preferences.devices):
            return kind
    return None
