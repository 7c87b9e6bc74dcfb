"""The typed schema of the `catalogue` and `render` blocks of params.yaml."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cad2real.schema import Block

ViewSampler = Literal["sphere_equidistant", "resting"]
Quality = Literal["draft", "standard", "high", "synthnet"]
Framing = Literal["fit", "real_scale"]
EnvironmentMode = Literal["none", "white", "grey", "one", "cycle", "random"]
Units = Literal["mm", "cm", "m", "in"]


class CatalogueParams(Block):
    """Where the part list is and what holds for parts that do not say it themselves."""

    parts: str = "data/parts/parts.csv"
    units: Units = "mm"


class EnvironmentParams(Block):
    """Environment maps: the eight of the bpy package, or every .hdr/.exr/.png/.jpg of `folder`."""

    mode: EnvironmentMode = "cycle"
    folder: str | None = None


class RenderParams(Block):
    """Views of a part: how many, from where, how large and how good."""

    views: int = Field(32, ge=1, le=10_000)
    size: int = Field(512, ge=16, le=4096)
    sampler: ViewSampler | dict[ViewSampler, float] = "sphere_equidistant"
    framing: Framing = "fit"
    fill: float = Field(0.85, gt=0.05, le=0.98)
    focal_length_mm: tuple[float, float] = (35.0, 85.0)
    environments: EnvironmentParams = EnvironmentParams()
    quality: Quality = "standard"
    device: Literal["auto", "cpu", "gpu"] = "auto"
    workers: int | Literal["auto"] = "auto"
    seed: int = Field(0, ge=0)
