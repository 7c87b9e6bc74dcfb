"""Part geometry and a pinhole camera, without Blender: what is needed to know a photo's box before it is rendered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SENSOR_WIDTH_MM = 34.6  # width of a 4:3 sensor with the diagonal of 35 mm film, so that lenses are "equivalent" ones


@dataclass(frozen=True)
class PartMesh:
    """Triangles of one part: vertices (n, 3) in centimetres, centred on the bounding box; faces (m, 3). `stands`: the
    share of photos in which somebody has put it upright, as it is in its file; in the others it lies as it fell.
    """

    part_id: str
    vertices: Array
    faces: NDArray[np.int64]
    stands: float = 0.0

    @cached_property
    def resting_poses(self) -> tuple[Array, Array]:
        """Rotations (k, 3, 3) in which the part lies stably on a plane z = 0, and their probabilities (k,)."""
        rotations, probabilities = self._fallen
        if not self.stands:
            return rotations, probabilities
        upright = np.concatenate([np.eye(3)[None], rotations])
        return upright, np.concatenate([[self.stands], (1 - self.stands) * probabilities])

    @cached_property
    def _fallen(self) -> tuple[Array, Array]:
        import trimesh

        mesh = trimesh.Trimesh(self.vertices, self.faces, process=False)
        poses, probabilities = trimesh.poses.compute_stable_poses(mesh.convex_hull, center_mass=mesh.center_mass)
        return poses[:, :3, :3], probabilities / probabilities.sum()

    def stands_on_edge(self, rotation: Array) -> bool:
        """Whether the pose is stable only in theory, as a washer's on its rim: so high that a touch lays it flat."""
        heights = [float(np.ptp(self.vertices @ row)) for row in self.resting_poses[0][:, 2]]
        return bool(np.ptp(self.vertices @ rotation[2]) > 6 * min(heights))


def load_part(step_file: Path) -> PartMesh:
    """Reads a STEP file and joins its bodies; vertices that coincide are merged so that normals can be smoothed."""
    import trimesh

    mesh = trimesh.load_scene(step_file).to_mesh()
    mesh.merge_vertices(merge_tex=True, merge_norm=True)
    mesh.update_faces(mesh.nondegenerate_faces())
    vertices = np.asarray(mesh.vertices, dtype=float) * 100.0  # STEP comes in metres
    return PartMesh(step_file.stem, vertices - mesh.bounds.mean(axis=0) * 100.0, np.asarray(mesh.faces, dtype=np.int64))


def rotation_about(axis: Array, angle: float) -> Array:
    """Rotation matrix of `angle` radians about the unit vector `axis` (Rodrigues)."""
    x, y, z = axis
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    rotation: Array = np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross
    return rotation


def lie_down(mesh: PartMesh, rotation: Array, yaw: float) -> Array:
    """The part's vertices (n, 3), turned by a resting pose and about the vertical, standing on z = 0 at the origin."""
    vertices = mesh.vertices @ (rotation_about(np.array([0.0, 0.0, 1.0]), yaw) @ rotation).T
    middle = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
    lying: Array = vertices - np.array([middle[0], middle[1], vertices[:, 2].min()])
    return lying


@dataclass(frozen=True)
class Camera:
    """A pinhole camera: `axes` has the camera's right, up and forward directions as columns (world coordinates)."""

    position: Array
    axes: Array
    lens_mm: float
    width: int
    height: int

    @property
    def focal_px(self) -> float:
        return max(self.width, self.height) * self.lens_mm / SENSOR_WIDTH_MM

    def project(self, points: Array) -> Array:
        """Pixels (n, 2) of world points (n, 3); x to the right, y downwards, (0, 0) is the upper left corner."""
        right, up, depth = ((points - self.position) @ self.axes).T
        return np.stack(
            [self.width / 2 + self.focal_px * right / depth, self.height / 2 - self.focal_px * up / depth], axis=1
        )

    def on_table(self, x: float, y: float) -> Array | None:
        """The point of the table (z = 0) seen at a pixel; None where the pixel looks above the horizon."""
        ray = self.axes @ np.array([(x - self.width / 2) / self.focal_px, (self.height / 2 - y) / self.focal_px, 1.0])
        return self.position - ray * self.position[2] / ray[2] if ray[2] < -0.05 else None


def look_at(target: Array, direction: Array, distance: float, lens_mm: float, size: tuple[int, int]) -> Camera:
    """A camera `distance` from `target` on the side of the unit vector `direction`, the target in the middle."""
    forward = -direction
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(right, forward), forward], axis=1)
    return Camera(target + direction * distance, axes, lens_mm, *size)


def turn_away(camera: Camera, x: float, y: float, roll: float) -> Camera:
    """Turns the camera on its spot so that what was in its middle is seen at pixel (x, y), then rolls it (radians)."""
    ray = np.array([(x - camera.width / 2) / camera.focal_px, (camera.height / 2 - y) / camera.focal_px, 1.0])
    ray /= np.linalg.norm(ray)
    axis = np.cross(ray, [0.0, 0.0, 1.0])
    length = float(np.linalg.norm(axis))
    turn = rotation_about(axis / length, np.arcsin(length)) if length > 1e-9 else np.eye(3)
    # The roll turns about the ray to the part, so that the part keeps its place in the picture.
    axes = camera.axes @ turn @ rotation_about(ray, roll)
    return Camera(camera.position, axes, camera.lens_mm, camera.width, camera.height)


def bounds(pixels: Array) -> tuple[float, float, float, float]:
    """x_min, y_min, x_max, y_max of pixels (n, 2)."""
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])
