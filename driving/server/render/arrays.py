"""The arrays that the kernels read and write, grouped by who owns them.

Named tuples, since numba passes them to compiled code by field name: a kernel takes a handful of
groups instead of forty arguments. What is small and read at every pixel is a tuple: compiled code keeps it in
registers, while it has to read an array again after every write to another one.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from driving.server.render.compiled import borrowed, inlined, unsigned

Group = TypeVar("Group")
Triple = tuple[float, float, float]
SUM_BITS = 10  # binary places after the point of `Canvas.sums`: whole numbers, whose sums know no order


class Geometry(NamedTuple):
    """Every mesh of the scene, back to back; local coordinates, metres."""

    vertices: NDArray[np.float32]  # (V, 3)
    normals: NDArray[np.float32]  # (V, 3) unit, for smooth surfaces
    triangles: NDArray[np.int32]  # (T, 4) three vertices counted from the mesh's first, then the surface slot
    facings: NDArray[np.float32]  # (T, 3) unit face normals
    bends: NDArray[np.float32]  # (T, 17) how the smooth normal changes over a triangle, see `Mesh.bends`
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
    corners: NDArray[np.float64]  # (3, C) one mesh's vertices, before the camera or in the image
    mixed: NDArray[np.int32]  # (H W,) pixels that show several surfaces
    sums: NDArray[np.int32]  # (H W, 3) their display values 0-255, blue first, times 2 ** SUM_BITS


class Fog(NamedTuple):
    """Air that is thick enough to be looked at closely; density 0: there is none."""

    density: float  # 1/m, extinction at the map's lowest ground
    begin: float  # m from the camera
    falloff: float  # 1/m of height


class Lamps(NamedTuple):
    """What shines by night besides the sky, and what stands in its light."""

    rows: NDArray[np.float64]  # (L, 12) see `lamps`
    screens: NDArray[np.int64]  # (L,) bit b: `Light.blockers` row b may stand in this lamp's light
    cells: NDArray[np.int64]  # (G, G) bit l: lamp l may light this cell
    origin: Triple  # x, y of cell (0, 0) and cells per metre


class Light(NamedTuple):
    """Sun, sky, air and what blocks them. Colours are linear RGB."""

    sun: Triple  # unit vector towards the sun
    palette: tuple[Triple, ...]  # seven, in the order that `sky` names
    haze: float  # 1/m, extinction of the air without `fog`
    fog: Fog
    ground: float  # m, height that fog is measured from
    cover: float  # share of the sky under cloud, 0 to 1
    wetness: float  # of the ground, 0 dry to 1 wet
    deposits: float  # share of the road under puddles
    darkness: float  # 0 by day to 1 by night
    shade_axes: tuple[
        tuple[float, ...], ...
    ]  # 3 x 4, world to (column, row, height towards the sun) of `shade_map`
    shade_map: NDArray[
        np.int16
    ]  # (R R,) row by row, height of the nearest blocker along the sun's direction, in HEIGHT_STEPS per m
    blockers: NDArray[
        np.float64
    ]  # (B, 12) boxes of moving things: centre, cos, sin, half sizes, reach, object; 1 / sun along, across
    blocked: NDArray[np.int64]  # (G G + 1,) bit b: blocker b may darken this cell, row by row; the last: none
    blocked_origin: NDArray[np.float64]  # (3,) x, y of cell (0, 0) and cells per metre
    noise: NDArray[np.uint32]  # one random texture and its coarser levels, see `noise_levels`
    tone: NDArray[np.float32]  # (TONES,) linear light to display value 0-255
    tone_bytes: NDArray[np.uint32]  # (TONES,) the same, rounded
    tone_parts: NDArray[np.int32]  # (TONES,) the same, of a quarter of a pixel, times 2 ** SUM_BITS
    lamps: Lamps


class Image(NamedTuple):
    """What the shading pass writes."""

    pixels: NDArray[np.uint32]  # (H W,) blue, green, red, 255 from the lowest byte
    depth: NDArray[np.float32]  # (H, W) m along the optical axis
    tag: NDArray[np.uint8]  # (H, W)
    instance: NDArray[np.uint32]  # (H, W)


def plain(group: Group) -> Group:
    """The group and those in it as bare tuples, which numba types quickly at a call.

    Named ones it types field by field.
    """
    if isinstance(group, Light):
        light = group._replace(fog=cast(Fog, tuple(group.fog)), lamps=cast(Lamps, tuple(group.lamps)))
        return cast(Group, tuple(light))
    return cast(Group, tuple(cast(tuple[Any, ...], group)))


@inlined
def borrow_geometry(geometry: Geometry) -> Geometry:
    """The group again from `plain` ones, see `borrowed`."""
    return Geometry(
        borrowed(geometry[0]),
        borrowed(geometry[1]),
        borrowed(geometry[2]),
        borrowed(geometry[3]),
        borrowed(geometry[4]),
        borrowed(geometry[5]),
        borrowed(geometry[6]),
    )


@inlined
def borrow_objects(objects: Objects) -> Objects:
    """The group again from `plain` ones, see `borrowed`."""
    return Objects(
        borrowed(objects[0]),
        borrowed(objects[1]),
        borrowed(objects[2]),
        borrowed(objects[3]),
        borrowed(objects[4]),
        borrowed(objects[5]),
        borrowed(objects[6]),
    )


@inlined
def borrow_view(view: View) -> View:
    """The group again from `plain` ones, see `borrowed`."""
    return View(view[0], view[1], view[2], view[3], view[4], view[5])


@inlined
def borrow_canvas(canvas: Canvas) -> Canvas:
    """The group again from `plain` ones, see `borrowed`."""
    return Canvas(
        borrowed(canvas[0]),
        borrowed(canvas[1]),
        borrowed(canvas[2]),
        borrowed(canvas[3]),
        borrowed(canvas[4]),
        borrowed(canvas[5]),
    )


@inlined
def borrow_lamps(lamps: Lamps) -> Lamps:
    """The group again from `plain` ones, see `borrowed`."""
    return Lamps(borrowed(lamps[0]), borrowed(lamps[1]), borrowed(lamps[2]), lamps[3])


@inlined
def borrow_light(light: Light) -> Light:
    """The group again from `plain` ones, see `borrowed`."""
    return Light(
        light[0],
        light[1],
        light[2],
        Fog(light[3][0], light[3][1], light[3][2]),
        light[4],
        light[5],
        light[6],
        light[7],
        light[8],
        light[9],
        borrowed(light[10]),
        borrowed(light[11]),
        borrowed(light[12]),
        borrowed(light[13]),
        borrowed(light[14]),
        borrowed(light[15]),
        borrowed(light[16]),
        borrowed(light[17]),
        borrow_lamps(light[18]),
    )


@inlined
def borrow_image(image: Image) -> Image:
    """The group again from `plain` ones, see `borrowed`."""
    return Image(borrowed(image[0]), borrowed(image[1]), borrowed(image[2]), borrowed(image[3]))


@inlined
def surface_of(geometry: Geometry, objects: Objects, triangle: int, index: int) -> Any:
    """The row of surfaces that a triangle of an object shows."""
    return unsigned(objects.surface[index] + geometry.triangles[triangle, 3])
