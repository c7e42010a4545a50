"""Running into what stands: walls, trunks and posts stop bodies as others of infinite mass do.

Who walks into a wall stands there; only other bodies knock walkers over.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from driving.server.bodies import Bodies, Body
from driving.server.contact import NEVER, Box, first_touch_of
from driving.server.impact import QUICKEST_PARTING, RESTITUTION, TURNS, Contacts, go_on, heavy, kick, note
from driving.server.kernels import kernel
from driving.server.solids import (
    CELL,
    COS,
    FOOT,
    HALF_LENGTH,
    HALF_WIDTH,
    HEADER,
    NEAR,
    OPEN,
    SIN,
    TOP,
    Index,
    Solids,
    X,
    Y,
)  # fmt: skip

TOUCHING = 1e-6  # m of overlap that is none
STILL = 1e-9  # m; a move of no more is none
QUICKEST, SHARPEST = 15.0, 3.0  # m/s2, rad/s: more than pedals, legs and steering can do


@kernel
def look_out(bodies: Bodies, delta: float, solids: Solids, index: Index, near: NDArray[np.bool_]) -> bool:
    """Mark the bodies that may meet a solid within `delta` seconds even if nobody strikes them; any?"""
    found = False
    for i in range(len(bodies)):
        b = bodies[i]
        if b.collides == 0.0 or heavy(b):
            continue
        far = (abs(b.vx) + abs(b.vy) + b.constant * (abs(b.cx) + abs(b.cy)) + QUICKEST * delta) * delta
        far += b.half_length * max(SHARPEST, math.radians(abs(b.spin))) * delta
        near[i] = _anything_near(b, far, solids, index)
        found |= near[i]
    return found


@kernel
def run_aground(
    bodies: Bodies,
    moves: NDArray[np.float64],
    step: float,
    solids: Solids,
    index: Index,
    near: NDArray[np.bool_],
    contacts: Contacts,
    found: int,
) -> int:
    """Have bodies that meet solids during a sub-step give their momentum to them.

    Args:
        bodies: All rows, shape (n,); velocities change.
        moves: Each body's displacement in this sub-step, m, shape (n, 2); changes likewise.
        step: s.
        solids: What stands.
        index: Where; of the same solids.
        near: Who need look, shape (n,); all do where bodies struck each other.
        contacts: Pairs of this tick so far; grows by (row, -1 - solid).
        found: How many they are.

    Returns:
        How many they are now.
    """
    everybody = found > 0
    for i in range(len(bodies)):
        b = bodies[i]
        if not (near[i] or everybody) or b.collides == 0.0 or heavy(b):
            continue
        for turn in range(TURNS):
            solid, time, nx, ny, depth = _first(b, moves[i, 0], moves[i, 1], solids, index)
            if solid < 0:
                break
            closing = max(b.vx * nx + b.vy * ny, 0.0)
            kick(b, -(1.0 + RESTITUTION) * closing, nx, ny)
            if turn < TURNS - 1:
                go_on(b, moves, i, time, step)
            else:  # caught in a corner
                moves[i, 0], moves[i, 1] = moves[i, 0] * time, moves[i, 1] * time
            if depth > TOUCHING:
                moves[i, 0] -= nx * min(depth, QUICKEST_PARTING)
                moves[i, 1] -= ny * min(depth, QUICKEST_PARTING)
            impulse = (1.0 + RESTITUTION) * closing * b.mass
            found = note(contacts, found, i, -1 - solid, impulse * nx, impulse * ny)
    return found


@kernel
def aground(bodies: Bodies, row: int, solids: Solids, index: Index) -> int:
    """The solid that a body's box overlaps; -1 if none does."""
    return _first(bodies[row], 0.0, 0.0, solids, index)[0]


@kernel
def _cells(b: Body, far: float, index: Index) -> tuple[int, int, int, int]:
    """First and last column and row of the cells whose lists hold all that a body could meet."""
    more = max(b.half_length + b.half_width + far - NEAR, 0.0)
    u, v = b.x - index[0], b.y - index[1]
    columns, rows = index[2], index[3]
    if not (-more <= u < columns * CELL + more and -more <= v < rows * CELL + more):
        return 0, -1, 0, -1
    return (
        max(math.floor((u - more) / CELL), 0),
        min(math.floor((u + more) / CELL), columns - 1),
        max(math.floor((v - more) / CELL), 0),
        min(math.floor((v + more) / CELL), rows - 1),
    )


@kernel
def _anything_near(b: Body, far: float, solids: Solids, index: Index) -> bool:
    """Whether a solid would overlap a body's box if that were `far` m larger on every side."""
    left, right, low, high = _cells(b, far, index)
    for column in range(left, right + 1):
        cell = HEADER + column * index[3]
        for k in range(index[cell + low], index[cell + high + 1]):
            s = solids[index[k]]
            if not _apart(b, far, s):
                wide = (*_facing(b), b.half_length + far, b.half_width + far)
                if first_touch_of(wide, _box(s), s[X] - b.x, s[Y] - b.y, 0.0, 0.0)[3] > 0.0:
                    return True
    return False


@kernel
def _facing(b: Body) -> tuple[float, float]:
    yaw = math.radians(b.yaw)
    return math.cos(yaw), math.sin(yaw)


@kernel
def _box(solid: Solids) -> Box:
    return solid[COS], solid[SIN], solid[HALF_LENGTH], solid[HALF_WIDTH]


@kernel
def _apart(b: Body, far: float, solid: Solids) -> bool:
    """Whether a body that moves up to `far` m stays clear of a solid, seen along the solid's own axes."""
    room = b.half_length + b.half_width + far
    px, py = b.x - solid[X], b.y - solid[Y]
    along, aside = px * solid[COS] + py * solid[SIN], py * solid[COS] - px * solid[SIN]
    return abs(along) > room + solid[HALF_LENGTH] or abs(aside) > room + solid[HALF_WIDTH]


@kernel
def _first(
    b: Body, dx: float, dy: float, solids: Solids, index: Index
) -> tuple[int, float, float, float, float]:
    """The solid that a body's move meets first, or -1; when, along which normal, and how deep it is in it."""
    far = abs(dx) + abs(dy)
    left, right, low, high = _cells(b, far, index)
    first, least, first_x, first_y, deep = -1, NEVER, 0.0, 0.0, 0.0
    middle = b.z + b.centre_z
    box = (*_facing(b), b.half_length, b.half_width)
    for column in range(left, right + 1):
        cell = HEADER + column * index[3]
        for k in range(index[cell + low], index[cell + high + 1]):
            s = solids[index[k]]
            level = middle - b.half_height < s[TOP] and middle + b.half_height > s[FOOT]
            if s[OPEN] > 0.0 or not level or _apart(b, far, s):
                continue
            time, nx, ny, depth = first_touch_of(box, _box(s), s[X] - b.x, s[Y] - b.y, -dx, -dy)
            inwards = dx * nx + dy * ny
            if time >= least or (inwards <= STILL and (depth <= TOUCHING or inwards < -STILL)):
                continue
            first, least, first_x, first_y, deep = index[k], time, nx, ny, depth
    return first, least, first_x, first_y, deep
