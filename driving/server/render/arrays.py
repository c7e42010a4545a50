"""The arrays that the kernels read and write, grouped by who owns them.

Named tuples, since numba passes them to compiled code by field name: a kernel takes a handful of
groups instead of forty arguments. What is small and read at every pixel is a tuple: compiled code keeps it in
registers, while it has to read an array again after every write to another one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from driving.server.render.compiled import borrowed, inlined

Triple = tuple[float, float, float]


class Geometry(NamedTuple):
    """Every mesh of the scene, back to back; local coordinates, metres."""

    vertices: NDArray[np.float32]  # (V, 3)
    normals: NDArray[np.float32]  # (V, 3) unit, for smooth surfaces
    triangles: NDArray[np.int32]  # (T, 4) three vertices counted from the mesh's first, then the surface slot
    facings: NDArray[np.float32]  # (T, 3) unit face normals
    spans: NDArray[np.int32]  # (M, 4) first and last+1 vertex, first and last+1 triangle of each mesh
    spheres: NDArray[np.float64]  # (M, 4) bounding sphere: centre, radius


class Objects(NamedTuple):
    """What stands in the scene: placed meshes. A free row has `levels` 0."""

    pose: NDArray[np.float64]  # (N, 3, 4) local to world: rotation (times one scale factor) and position
    mesh: NDArray[np.int32]  # (N,) its most detailed mesh; coarser ones follow
    levels: NDArray[np.int32]  # (N,) how many levels of detail it has
    surface: NDArray[np.int32]  # (N,) row of `surfaces` that slot 0 of the mesh means
    actor: NDArray[np.uint32]  # (N,) actor id, 0 for the street
    shrink: NDArray[np.float64]  # (N,) 1 / the scale in `pose`
    ribbon: NDArray[np.float64]  # (N,) half width of a painted line, whose normals point to its sides; else 0


class View(NamedTuple):
    """A camera in the world. Rows of `axes`: right, down, forward."""

    position: Triple  # m
    axes: tuple[Triple, Triple, Triple]  # unit vectors
    focal: float  # px
    width: int  # px
    height: int  # px
    reach: float  # m, nothing farther is drawn


class Canvas(NamedTuple):
    """Scratch of one image at 2 x 2 samples per pixel."""

    nearness: NDArray[np.float32]  # (2H, 2W) 1 / depth, 0 = sky
    owner: NDArray[np.int32]  # (2H, 2W) row of `visible`, -1 = sky
    visible: NDArray[np.int32]  # (K, 2) triangle, object
    corners: NDArray[np.float64]  # (C, 3) one mesh's vertices, camera frame


class Light(NamedTuple):
    """Sun, sky, air and what blocks them. Colours are linear RGB."""

    sun: Triple  # unit vector towards the sun
    palette: tuple[Triple, ...]  # seven, in the order that `sky` names
    haze: float  # 1/m, extinction of the air
    cover: float  # share of the sky under cloud, 0 to 1
    wetness: float  # 0 dry to 1 wet
    shade_axes: tuple[
        tuple[float, ...], ...
    ]  # 3 x 4, world to (column, row, height towards the sun) of `shade_map`
    shade_map: NDArray[
        np.float32
    ]  # (R R,) row by row, height of the nearest blocker, along the sun's direction
    blockers: NDArray[
        np.float64
    ]  # (B, 10) boxes of moving things: centre, cos, sin, half sizes, reach, object
    blocked: NDArray[np.int64]  # (G, G) bit b: blocker b may darken this cell
    blocked_origin: NDArray[np.float64]  # (3,) x, y of cell (0, 0) and cells per metre
    noise: NDArray[np.float32]  # one random texture and its coarser levels; flat
    tone: NDArray[np.float32]  # (1024,) linear light to display value 0-255


class Image(NamedTuple):
    """What the shading pass writes."""

    bgra: NDArray[np.uint8]  # (H, W, 4)
    depth: NDArray[np.float32]  # (H, W) m along the optical axis
    tag: NDArray[np.uint8]  # (H, W)
    instance: NDArray[np.uint32]  # (H, W)


@inlined
def borrow_geometry(geometry: Geometry) -> Geometry:
    """See `borrowed`."""
    return Geometry(
        borrowed(geometry.vertices),
        borrowed(geometry.normals),
        borrowed(geometry.triangles),
        borrowed(geometry.facings),
        borrowed(geometry.spans),
        borrowed(geometry.spheres),
    )


@inlined
def borrow_objects(objects: Objects) -> Objects:
    """See `borrowed`."""
    return Objects(
        borrowed(objects.pose),
        borrowed(objects.mesh),
        borrowed(objects.levels),
        borrowed(objects.surface),
        borrowed(objects.actor),
        borrowed(objects.shrink),
        borrowed(objects.ribbon),
    )


@inlined
def borrow_canvas(canvas: Canvas) -> Canvas:
    """See `borrowed`."""
    return Canvas(
        borrowed(canvas.nearness), borrowed(canvas.owner), borrowed(canvas.visible), borrowed(canvas.corners)
    )


@inlined
def borrow_light(light: Light) -> Light:
    """See `borrowed`."""
    return Light(
        light.sun,
        light.palette,
        light.haze,
        light.cover,
        light.wetness,
        light.shade_axes,
        borrowed(light.shade_map),
        borrowed(light.blockers),
        borrowed(light.blocked),
        borrowed(light.blocked_origin),
        borrowed(light.noise),
        borrowed(light.tone),
    )


@inlined
def borrow_image(image: Image) -> Image:
    """See `borrowed`."""
    return Image(borrowed(image.bgra), borrowed(image.depth), borrowed(image.tag), borrowed(image.instance))
