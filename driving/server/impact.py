"""Blows: what meeting does to two bodies' moves and velocities, and the list of who met."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from driving.server.bodies import VEHICLE, WALKER, Bodies, Body
from driving.server.contact import first_touch, heights_overlap
from driving.server.gait import knock
from driving.server.kernels import kernel

RESTITUTION = 0.1
QUICKEST_PARTING = 0.05  # m that overlapping bodies are moved apart in one sub-step
KNOCK_DOWN = 1.0  # m/s that a blow must add to knock a walker down
TURNS = 4  # in which blows go on from one body to the next within a sub-step
MOST_CONTACTS = 64  # reported per tick

# (MOST_CONTACTS, 4): row, row, impulse x, impulse y on the second (N s); a second row -1 - k is solid k
Contacts = NDArray[np.float64]


@kernel
def meet(bodies: Bodies, moves: NDArray[np.float64], step: float, contacts: Contacts, found: int) -> int:
    """Have each pair that meets during a sub-step exchange a blow and go on with what it left them.

    Args:
        bodies: All rows, shape (n,); velocities change.
        moves: Each body's displacement in this sub-step, m, shape (n, 2); changes likewise.
        step: s.
        contacts: Pairs of this tick so far; grows.
        found: How many they are.

    Returns:
        How many they are now.
    """
    struck = True
    for turn in range(TURNS):
        struck, found = _meet_once(bodies, moves, step, contacts, found, first=turn == 0)
        if not struck:
            break
    if struck:  # who is caught between two others still closes in on one of them: nobody goes on through
        for _ in range(TURNS):
            _stop_short(bodies, moves)
    return found


@kernel
def _meet_once(
    bodies: Bodies, moves: NDArray[np.float64], step: float, contacts: Contacts, found: int, first: bool
) -> tuple[bool, int]:
    """Each pair once, in order; whether any exchanged an impulse, and how many contacts there are now."""
    struck = False
    for i in range(len(bodies)):
        if bodies[i].collides == 0.0:
            continue
        for j in range(i + 1, len(bodies)):
            a, b = bodies[i], bodies[j]
            time, nx, ny, depth = _meeting(a, b, moves, i, j)
            if time > 1.0:
                continue
            impulse = _strike(a, b, nx, ny)
            if impulse > 0.0:
                struck = True
                go_on(a, moves, i, time, step)
                go_on(b, moves, j, time, step)
            if depth > 0.0 and first:
                _part(a, b, moves, i, j, nx, ny, min(depth, QUICKEST_PARTING))
            found = note(contacts, found, i, j, impulse * nx, impulse * ny)
    return struck, found


@kernel
def _stop_short(bodies: Bodies, moves: NDArray[np.float64]) -> None:
    """Cut the moves of those who would go through each other."""
    for i in range(len(bodies)):
        if bodies[i].collides == 0.0:
            continue
        for j in range(i + 1, len(bodies)):
            a, b = bodies[i], bodies[j]
            time, nx, ny, depth = _meeting(a, b, moves, i, j)
            if time > 1.0:
                continue
            if depth == 0.0:
                for axis in range(2):
                    moves[i, axis] *= time
                    moves[j, axis] *= time
                continue
            closing = (moves[i, 0] - moves[j, 0]) * nx + (moves[i, 1] - moves[j, 1]) * ny
            if closing > 0.0:
                _part(a, b, moves, i, j, nx, ny, closing)


@njit(inline="always")
def _meeting(
    a: Body, b: Body, moves: NDArray[np.float64], i: int, j: int
) -> tuple[float, float, float, float]:
    """What `first_touch` says of a pair within its moves; a time above 1 where nothing can come of it."""
    if b.collides == 0.0 or _apart(a, b, moves, i, j) or (heavy(a) and heavy(b)):
        return 2.0, 0.0, 0.0, 0.0
    return first_touch(a, b, moves[j, 0] - moves[i, 0], moves[j, 1] - moves[i, 1])


@njit(inline="always")
def _apart(a: Body, b: Body, moves: NDArray[np.float64], i: int, j: int) -> bool:
    """Whether two bodies are too far from each other to meet."""
    dx, dy = abs(moves[j, 0] - moves[i, 0]), abs(moves[j, 1] - moves[i, 1])
    room = a.half_length + a.half_width + b.half_length + b.half_width + dx + dy
    return abs(b.x - a.x) > room or abs(b.y - a.y) > room or not heights_overlap(a, b)


@kernel
def _strike(a: Body, b: Body, nx: float, ny: float) -> float:
    """Exchange the impulse along the normal from a to b; N s, 0 if they part already."""
    closing = (a.vx - b.vx) * nx + (a.vy - b.vy) * ny
    if closing <= 0.0:
        return 0.0
    ease_a = 0.0 if heavy(a) else 1.0 / a.mass
    ease_b = 0.0 if heavy(b) else 1.0 / b.mass
    impulse = (1.0 + RESTITUTION) * closing / (ease_a + ease_b)
    _blow(a, -impulse * ease_a, nx, ny)
    _blow(b, impulse * ease_b, nx, ny)
    return impulse


@kernel
def _blow(b: Body, change: float, nx: float, ny: float) -> None:
    """As `kick`; who walks is taken off its feet by more than a nudge."""
    kick(b, change, nx, ny)
    if b.kind == WALKER and abs(change) > KNOCK_DOWN:
        knock(b, change * nx, change * ny)


@kernel
def go_on(b: Body, moves: NDArray[np.float64], row: int, time: float, step: float) -> None:
    """Spend the part of the step after `time` at the new velocity."""
    left = 0.0 if heavy(b) else (1.0 - time) * step
    moves[row, 0] = moves[row, 0] * time + b.vx * left
    moves[row, 1] = moves[row, 1] * time + b.vy * left


@kernel
def kick(b: Body, change: float, nx: float, ny: float) -> None:
    """Change a body's velocity by `change` m/s along (nx, ny)."""
    b.vx += change * nx
    b.vy += change * ny
    if b.kind == VEHICLE:
        yaw = math.radians(b.yaw)
        along = change * (nx * math.cos(yaw) + ny * math.sin(yaw))
        b.speed += along
        b.slide_x += change * nx - along * math.cos(yaw)
        b.slide_y += change * ny - along * math.sin(yaw)


@kernel
def _part(
    a: Body, b: Body, moves: NDArray[np.float64], i: int, j: int, nx: float, ny: float, push: float
) -> None:
    """Move overlapping bodies apart by `push` m, the lighter one further."""
    ease_a = 0.0 if heavy(a) else 1.0 / a.mass
    ease_b = 0.0 if heavy(b) else 1.0 / b.mass
    share = ease_a / (ease_a + ease_b)
    moves[i, 0] -= nx * push * share
    moves[i, 1] -= ny * push * share
    moves[j, 0] += nx * push * (1.0 - share)
    moves[j, 1] += ny * push * (1.0 - share)


@kernel
def note(contacts: Contacts, found: int, i: int, j: int, impulse_x: float, impulse_y: float) -> int:
    """Add an impulse to what two have exchanged in this tick; how many pairs there are now."""
    for k in range(found):
        if contacts[k, 0] == i and contacts[k, 1] == j:
            contacts[k, 2] += impulse_x
            contacts[k, 3] += impulse_y
            return found
    if found < len(contacts):
        contacts[found, 0], contacts[found, 1] = i, j
        contacts[found, 2], contacts[found, 3] = impulse_x, impulse_y
        return found + 1
    return found


@kernel
def heavy(b: Body) -> bool:
    """Whether no blow moves a body."""
    return b.simulated == 0.0 or b.mass == math.inf
