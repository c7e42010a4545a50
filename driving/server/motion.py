"""How the image moves: where what each pixel shows was a moment ago."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driving.server.render import Camera, Scene
from driving.server.seen import SKY, Eye, Seen


class Before:
    """The scene's objects and a camera's eye as they were at its last picture."""

    def __init__(self, scene: Scene, eye: Eye) -> None:
        objects = scene.stage.objects
        self.eye = eye
        self._pose, self._actor = objects.pose.copy(), objects.actor.copy()

    def points(self, scene: Scene, seen: Seen) -> NDArray[np.float64]:
        """Where the points of `seen` were, (H, W, 3) in m; what is new stands still, and so do limbs."""
        objects = scene.stage.objects
        shown = seen.row
        rows = np.unique(shown[shown != SKY])
        rows = rows[rows < len(self._actor)]
        same = self._actor[rows] == objects.actor[rows]
        rows = rows[same & (self._pose[rows] != objects.pose[rows]).any(axis=(1, 2))]
        points = seen.point.copy()
        for row in rows:
            here = shown == row
            axes = objects.pose[row, :, :3] * objects.shrink[row]
            local = (seen.point[here] - objects.pose[row, :, 3]) @ axes
            points[here] = local @ (self._pose[row, :, :3] * objects.shrink[row]).T + self._pose[row, :, 3]
        return points


def flow(scene: Scene, camera: Camera, seen: Seen, before: Before | None) -> NDArray[np.float32]:
    """Motion since the last picture to the right and up, (H, W, 2) in halves of the image's width and height.

    Multiplied by (width / 2, -height / 2) it is the motion in pixels. Zero where a point was not in front.
    Source: carla issue #4795 for scale and sign.
    """
    if before is None:
        return np.zeros(seen.plane.shape, np.float32)
    moved = seen.plane - before.eye.project(before.points(scene, seen))
    scale = [2.0 * camera.focal / camera.width, -2.0 * camera.focal / camera.height]
    return np.clip(np.nan_to_num(moved * scale), -2.0, 2.0).astype(np.float32)
