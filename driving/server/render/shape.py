"""A drawable shape: meshes at several poses and levels of detail, their surfaces, and what it shades."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from driving.server.render.look import Look
from driving.server.render.mesh import Mesh, Solid
from driving.server.render.surfaces import COLUMNS, MATTE, surface
from driving.server.render.vehicle_lights import Lamp


@dataclass(frozen=True)
class Shape:
    """What an object looks like, before it is placed."""

    key: object  # equal keys mean equal meshes
    meshes: tuple[Mesh, ...]  # pose by pose, in each the finest level first
    levels: int  # levels of detail per pose
    surfaces: NDArray[np.float64]  # (slots, COLUMNS)
    cycle: float = 0.0  # metres walked until the poses repeat; 0: one pose
    scale: float = 1.0  # of the meshes
    ribbon: float = 0.0  # m, half width of a painted line whose normals point to its sides; else 0
    lift: float = 0.0  # m, from the actor's location up to the mesh's origin
    boxes: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 7)))
    """Boxes that keep light off the street: centre, half sizes, width of the contact shadow; (n, 7)."""
    lamps: tuple[Lamp, ...] = ()  # of a vehicle

    def __post_init__(self) -> None:
        if len(self.meshes) % self.levels:
            raise ValueError(f"{len(self.meshes)} meshes are not whole poses of {self.levels} levels")
        if self.surfaces.ndim != 2 or self.surfaces.shape[1] != COLUMNS:
            raise ValueError(f"surfaces are (slots, {COLUMNS}), got {self.surfaces.shape}")

    def mesh_at(self, stride: float) -> int:
        """Number of the finest mesh of the pose after `stride` metres."""
        if self.cycle <= 0.0:
            return 0
        poses = len(self.meshes) // self.levels
        return int(stride / self.cycle * poses) % poses * self.levels


def box_shape(look: Look) -> Shape:
    """A prop: a box of the look's size and colour, standing on its location."""
    solid = Solid()
    solid.box([0, 0, look.height / 2], [look.length, look.width, look.height], slot=0)
    half = np.array([look.length, look.width, look.height]) / 2
    return Shape(
        key=("box", look.length, look.width, look.height),
        meshes=(solid.mesh(),),
        levels=1,
        surfaces=np.array([surface(MATTE, look.colour, look.tag)]),
        boxes=np.array([[0.0, 0.0, half[2], *half, 0.3]]),
    )
