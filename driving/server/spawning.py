"""Whether there is room to come into the world: between the bodies, and outside of houses.

Who overlaps a trunk or a post comes in, and the next ticks part them: parked vehicles reach over the kerb.
"""

from __future__ import annotations

import math

import numpy as np

from driving.server.bodies import BodyTable
from driving.server.contact import first_touch_of, overlapping
from driving.server.render.surfaces import BUILDINGS
from driving.server.solids import (
    COS,
    FOOT,
    HALF_LENGTH,
    HALF_WIDTH,
    LABEL,
    OPEN,
    SIN,
    TOP,
    Solids,
    X,
    Y,
)

TOUCHING = 1e-6  # m of overlap that is none


def is_free(table: BodyTable, row: int, solids: Solids) -> bool:
    """Whether a body's box overlaps no other body's and no house that stops bodies."""
    return overlapping(table.rows, row) < 0 and not _is_built_over(table, row, solids)


def _is_built_over(table: BodyTable, row: int, solids: Solids) -> bool:
    body = table.rows[row]
    x, y, middle = float(body["x"]), float(body["y"]), float(body["z"] + body["centre_z"])
    length, width, height = (float(body[f"half_{side}"]) for side in ("length", "width", "height"))
    yaw = math.radians(float(body["yaw"]))
    reach = np.hypot(solids[:, HALF_LENGTH], solids[:, HALF_WIDTH]) + math.hypot(length, width)
    near = np.hypot(solids[:, X] - x, solids[:, Y] - y) < reach
    near &= (
        (solids[:, LABEL] == BUILDINGS)
        & (solids[:, OPEN] == 0.0)
        & (solids[:, TOP] > middle - height)
        & (solids[:, FOOT] < middle + height)
    )
    box = math.cos(yaw), math.sin(yaw), length, width
    return any(
        first_touch_of(
            box,
            (solid[COS], solid[SIN], solid[HALF_LENGTH], solid[HALF_WIDTH]),
            solid[X] - x,
            solid[Y] - y,
            0.0,
            0.0,
        )[3]
        > TOUCHING
        for solid in solids[near]
    )
