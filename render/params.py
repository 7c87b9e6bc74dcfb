"""The typed schema of the `catalogue` and `render` blocks of params.yaml."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cad2real.schema import Block

ViewSampler = Literal[
    "sphere_equidistant",
    "sphere_uniform",
    "hemisphere",
    "circular",
    "icosahedron",
    "dodecahedron",
    "antiprism",
    "resting",
]
Roll = Literal["fixed", "spread", "random"]
Quality = Literal["draft", "standard", "high", "synthnet"]
Output = Literal["depth", "normals", "mask", "bodies"]
Framing = Literal["fit", "real_scale"]
BackgroundMode = Literal["transparent", "color", "environment", "folder", "ground"]
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
    name: str = Field("studio", description="the map (file name without suffix) of mode one")


class RenderParams(Block):
    """Views of a part: how many, from where, how large and how good."""

    views: int = Field(32, ge=1, le=10_000)
    size: int = Field(512, ge=16, le=4096)
    sampler: ViewSampler | dict[ViewSampler, float] = "sphere_equidistant"
    elevation_deg: float = Field(30.0, ge=-90, le=90, description="of the circular sampler")
    resting_tilt_deg: tuple[float, float] = Field((0.0, 55.0), description="of the camera from straight above")
    roll: Roll = Field("fixed", description="of the camera: fixed, spread over 0-90 degrees, or random")
    table: bool = Field(True, description="resting parts lie on an unseen table that they reflect")
    framing: Framing = "fit"
    fill: float = Field(0.85, gt=0.05, le=0.98)
    focal_length_mm: tuple[float, float] = (50.0, 300.0)
    environments: EnvironmentParams = EnvironmentParams()
    area_lights: int = Field(0, ge=0, le=8, description="lamps placed at random above the part, beside the map")
    materials: Literal["metadata", "random"] = "metadata"
    material_library: str | None = Field(None, description="a .blend file, or a folder of them: materials by name")
    variation: float = Field(0.3, ge=0, le=1, description="of roughness and tint from view to view")
    background: BackgroundMode = Field("transparent", description="what is baked in behind the part; its alpha is kept")
    background_color: str = Field("#ffffff", pattern="^#[0-9a-fA-F]{6}$", description="of background color")
    background_folder: str | None = Field(None, description="of background folder: pictures, one drawn for each view")
    outputs: tuple[Output, ...] = Field((), description="beside the picture: depth, normals, mask, bodies")
    quality: Quality = "standard"
    device: Literal["auto", "cpu", "gpu"] = "auto"
    workers: int | Literal["auto"] = "auto"
    farm: Literal["local", "ray"] = Field("local", description="renders on this machine, or on a Ray cluster")
    ray_address: str | None = Field(None, description="HOST:PORT of the cluster's head; none: one on this machine")
    seed: int = Field(0, ge=0)
