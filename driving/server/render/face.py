"""What all samples of one triangle share, kept while neighbouring pixels show the same triangle.

Looking it up takes five loads that wait for each other; most pixels follow one of their own triangle.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driving.server.render import surfaces as s
from driving.server.render.arrays import Canvas, Geometry, Objects
from driving.server.render.compiled import inlined

# Numbers of a face; the normal points in the world frame and has unit length.
OWNER, TRIANGLE, INDEX, SURFACE, KIND, RED, GREEN, BLUE, TAG, ACTOR, NX, NY, NZ = range(13)
NUMBERS = 13


@inlined
def look_up(
    face: NDArray[np.float64],
    owner: int,
    canvas: Canvas,
    geometry: Geometry,
    objects: Objects,
    surfaces: NDArray[np.float64],
) -> None:
    """Fill `face` (NUMBERS,) for row `owner` of `Canvas.visible`, unless it holds that one."""
    if face[OWNER] == owner:
        return
    triangle, index = canvas.visible[owner, 0], canvas.visible[owner, 1]
    place = objects.surface[index] + geometry.triangles[triangle, 3]
    material = surfaces[place]
    face[OWNER], face[TRIANGLE], face[INDEX], face[SURFACE] = owner, triangle, index, place
    face[KIND], face[TAG], face[ACTOR] = material[s.KIND], material[s.TAG], objects.actor[index]
    face[RED], face[GREEN], face[BLUE] = material[s.RED], material[s.GREEN], material[s.BLUE]
    facing, shrink = geometry.facings[triangle], objects.shrink[index]
    face[NX], face[NY], face[NZ] = turn(
        objects.pose[index], facing[0] * shrink, facing[1] * shrink, facing[2] * shrink
    )


@inlined
def turn(pose: NDArray[np.float64], x: float, y: float, z: float) -> tuple[float, float, float]:
    """A local direction in world coordinates, as long as the pose's scale makes it."""
    return (
        pose[0, 0] * x + pose[0, 1] * y + pose[0, 2] * z,
        pose[1, 0] * x + pose[1, 1] * y + pose[1, 2] * z,
        pose[2, 0] * x + pose[2, 1] * y + pose[2, 2] * z,
    )
