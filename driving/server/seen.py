"""What each pixel of a camera shows, before any light falls on it: normals and motion are made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driving.server.render import Camera, Scene
from driving.server.render.arrays import View, plain
from driving.server.render.placing import SAMPLES
from driving.server.render.raster import draw
from driving.server.render.scene import rotation_matrix

SKY = -1
FAR_AWAY = 1e7  # m, where the sky hangs

Pose = tuple[float, ...]  # x, y, z in m, pitch, yaw, roll in degrees


@dataclass(frozen=True, slots=True)
class Eye:
    """Where a camera stood: a point of the world falls on its image plane."""

    place: NDArray[np.float64]  # (3,) m
    axes: NDArray[np.float64]  # rows: right, down, forward; (3, 3)

    def project(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Right and down per metre ahead of world points (..., 3); NaN for what lies behind; (..., 2)."""
        seen = (points - self.place) @ self.axes.T
        ahead = np.where(seen[..., 2:] > 0.01, seen[..., 2:], np.nan)
        return seen[..., :2] / ahead


@dataclass(frozen=True, slots=True)
class Seen:
    """The surface at each pixel, at the upper left one of its four samples."""

    eye: Eye
    face: NDArray[np.int32]  # (H, W) row of `faces`, SKY for none
    faces: NDArray[np.int32]  # (K + 1, 2) triangle, and row of the scene's objects; the last is the sky
    plane: NDArray[np.float64]  # (H, W, 2) right and down per metre ahead
    point: NDArray[np.float64]  # (H, W, 3) in the world, m

    @property
    def row(self) -> NDArray[np.int32]:
        """Rows of the scene's objects, SKY for none; (H, W)."""
        return self.faces[self.face, 1]


def eye_at(pose: Pose) -> Eye:
    """A camera's eye from its pose."""
    axes = rotation_matrix((pose[3], pose[4], pose[5]))
    return Eye(np.array(pose[:3]), np.array([axes[:, 1], -axes[:, 2], axes[:, 0]]))


def look(scene: Scene, camera: Camera, pose: Pose) -> Seen:
    """Draw `scene` without shading it."""
    eye = eye_at(pose)
    (canvas,) = scene.stage.canvases(camera.width * SAMPLES, camera.height * SAMPLES)
    view = View(
        position=(float(pose[0]), float(pose[1]), float(pose[2])),
        axes=tuple(tuple(axis) for axis in eye.axes.tolist()),  # type: ignore[arg-type]
        focal=camera.focal,
        width=camera.width,
        height=camera.height,
        reach=float(scene.reach),
    )
    geometry, objects = plain(scene.stage.geometry), plain(scene.stage.objects)
    draw(geometry, objects, plain(view), plain(canvas), (0, camera.height), 0)
    face = canvas.owner[::SAMPLES, ::SAMPLES].copy()
    faces = np.vstack([canvas.visible[: int(face.max()) + 1], np.array([[0, SKY]], np.int32)])
    nearness = np.where(face == SKY, 1.0 / FAR_AWAY, canvas.nearness[::SAMPLES, ::SAMPLES])
    plane = _plane(camera)
    rays = plane @ eye.axes[:2] + eye.axes[2]
    return Seen(eye, face, faces, plane, eye.place + rays / nearness[..., None])


def normals(scene: Scene, seen: Seen) -> NDArray[np.float64]:
    """Unit vectors out of the surfaces, in the world; zero for the sky; (H, W, 3)."""
    turned = outward(scene, seen.faces[:, 1], seen.faces[:, 0])
    turned[-1] = 0.0  # the sky
    return turned[seen.face]


def outward(scene: Scene, rows: NDArray[Any], triangles: NDArray[Any]) -> NDArray[np.float64]:
    """Unit vectors out of triangles of the scene's objects, in the world; (k, 3)."""
    objects, facings = scene.stage.objects, scene.stage.geometry.facings[triangles]
    return np.einsum("kij,kj->ki", objects.pose[rows][..., :3], facings) * objects.shrink[rows, None]


def _plane(camera: Camera) -> NDArray[np.float64]:
    """Right and down per metre ahead of each pixel's first sample; (H, W, 2)."""
    shift = 0.5 / SAMPLES
    across = (np.arange(camera.width) + shift - camera.width / 2) / camera.focal
    down = (np.arange(camera.height) + shift - camera.height / 2) / camera.focal
    return np.stack(np.meshgrid(across, down), axis=-1)
