"""Triangles to a Blender mesh, with edges sharp or round by their angle."""

from __future__ import annotations

import math

import bpy
import numpy as np

from render.blender.passes import BODY_ATTRIBUTE
from render.parts.geometry import Geometry

SHARP_DEG = 30.0
"""Edges that turn more than this stay sharp: above a cylinder's facets, below the flattest usual chamfer."""


def make_mesh(geometry: Geometry, unit_mm: float) -> bpy.types.Mesh:
    """One mesh of all bodies, centred, in units of `unit_mm`."""
    offsets = np.cumsum([0, *(len(body.vertices) for body in geometry.bodies)])
    vertices = ((geometry.points - geometry.centre_mm) / unit_mm).astype(np.float32)
    triangles = np.concatenate([body.triangles + start for body, start in zip(geometry.bodies, offsets, strict=False)])
    body_of = np.repeat(np.arange(len(geometry.bodies)), [len(body.triangles) for body in geometry.bodies])
    mesh = bpy.data.meshes.new("part")
    mesh.vertices.add(len(vertices))
    mesh.vertices.foreach_set("co", vertices.ravel())
    mesh.loops.add(triangles.size)
    mesh.loops.foreach_set("vertex_index", triangles.astype(np.int32).ravel())
    mesh.polygons.add(len(triangles))
    mesh.polygons.foreach_set("loop_start", np.arange(0, triangles.size, 3, dtype=np.int32))
    number = mesh.attributes.new(BODY_ATTRIBUTE, "FLOAT", "FACE")
    number.data.foreach_set("value", (body_of + 1).astype(np.float32))
    mesh.update(calc_edges=True)
    mesh.set_sharp_from_angle(angle=math.radians(SHARP_DEG))
    return mesh
