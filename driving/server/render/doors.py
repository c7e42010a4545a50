"""Doors, hood and tail lid of a vehicle: where they hang, how far they turn, and what an open one shows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driving.server.render.coachwork import GLASS, PAINT, TRIM, Body
from driving.server.render.mesh import Solid

FRONT_LEFT, FRONT_RIGHT, REAR_LEFT, REAR_RIGHT, HOOD, TAIL = range(6)  # VehicleDoor
DOOR_TURN, HOOD_TURN, LID_TURN, GATE_TURN = 60.0, 50.0, -60.0, -80.0  # degrees: yaw, and pitch of the others
SKIN, PANE = 0.045, 0.02  # m, thickness of leaves and of their windows
OUT = 0.018  # m that the dark of an opening stands off the body, which bulges
DECK = 0.40  # share of the length beyond which no hood or lid can begin
SOLID_SIDE = (0.02, 0.30)  # where a body without a second side window has its rear doors, from the first one

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Leaf:
    """One door, closed, in its vehicle's frame."""

    hinge: tuple[float, float, float]  # m
    turn: tuple[float, float, float]  # (pitch, yaw, roll) of the open door, degrees
    plates: tuple[tuple[Points, int], ...]  # four corners each (4, 3), m, and its slot
    inwards: tuple[float, float, float]  # unit vector


def leaves(body: Body, size: tuple[float, float, float]) -> dict[int, Leaf]:
    """The doors that a body of (length, width, height) metres has, by VehicleDoor."""
    found = {}
    first = body.panes[0]
    second = body.panes[1] if len(body.panes) > 1 else tuple(first[1] + share for share in SOLID_SIDE)
    for side, front, rear in ((-1.0, FRONT_LEFT, REAR_LEFT), (1.0, FRONT_RIGHT, REAR_RIGHT)):
        found[front] = _side_door(body, size, side, first, glazed=True)
        if body.axles:
            found[rear] = _side_door(body, size, side, second, glazed=len(body.panes) > 1)
    if body.base[1] < DECK:
        found[HOOD] = _lid(body, size, body.base[1], 0.45, HOOD_TURN)
    if body.base[0] > -DECK - 0.01:
        found[TAIL] = _lid(body, size, body.base[0], -0.488, LID_TURN)
    elif body.axles:
        found[TAIL] = _gate(body, size)
    return found


def open_doors(solid: Solid, body: Body, size: tuple[float, float, float], doors: Collection[int]) -> None:
    """Add these doors, open, to a body: the dark of their openings, and the leaves turned on their hinges."""
    hung = leaves(body, size)
    for door in sorted(hung.keys() & set(doors)):
        leaf, swung = hung[door], Solid()
        inwards = np.array(leaf.inwards)
        for corners, slot in leaf.plates:
            _plate(solid, corners - OUT * inwards, 0.01 * inwards, TRIM)
            _plate(swung, corners, (PANE if slot == GLASS else SKIN) * inwards, slot)
        turn, hinge = _turned(leaf.turn), np.array(leaf.hinge)
        solid.take(swung, turn, hinge - turn @ hinge)


def _side_door(
    body: Body, size: tuple[float, float, float], side: float, pane: tuple[float, ...], *, glazed: bool
) -> Leaf:
    length, half, height = size[0], size[1] / 2, size[2]
    reach = (body.base[1] - body.base[0]) * length
    front, rear = body.base[1] * length - pane[0] * reach, body.base[1] * length - pane[1] * reach
    low, belt, top = body.clearance + 0.12, body.belt * height, (0.08 * body.belt + 0.92) * height
    low_y, belt_y = side * half * 0.985, side * half * 0.95
    top_y = side * half * (0.95 + 0.92 * (body.roof_width - 0.95))
    lean = 0.92 * (body.base[1] - body.roof[1]) * length  # the windscreen's, which the front window follows
    top_front = min(front, body.base[1] * length - lean - 0.03 * length)
    panel = np.array([[front, low_y, low], [rear, low_y, low], [rear, low_y, belt], [front, low_y, belt]])
    sill = [[front, belt_y, belt], [rear, belt_y, belt]]
    window = np.array([*sill, [rear, top_y, top], [top_front, top_y, top]])
    return Leaf(
        hinge=(front, low_y, (low + belt) / 2),
        turn=(0.0, -side * DOOR_TURN, 0.0),
        plates=((panel, PAINT), (window, GLASS if glazed else PAINT)),
        inwards=(0.0, -side, 0.0),
    )


def _lid(body: Body, size: tuple[float, float, float], start: float, end: float, turn: float) -> Leaf:
    """Hood or lid: the deck from the cabin (share `start` of the length) to the car's end."""
    stations = np.array(body.shell)
    between = [x for x in stations[:, 0] if min(start, end) < x < max(start, end)]
    places = sorted([start, *between, end], reverse=start > end)
    decks = np.interp(places, stations[:, 0], stations[:, 1]) * size[2] + 0.02
    wides = np.interp(places, stations[:, 0], stations[:, 2]) * 0.86 * size[1] / 2
    xs = np.array(places) * size[0]
    plates = tuple(
        (
            np.array(
                [
                    [xs[k], -wides[k], decks[k]], [xs[k + 1], -wides[k + 1], decks[k + 1]],
                    [xs[k + 1], wides[k + 1], decks[k + 1]], [xs[k], wides[k], decks[k]],
                ]
            ),
            PAINT,
        )
        for k in range(len(places) - 1)
    )  # fmt: skip
    return Leaf((float(xs[0]), 0.0, float(decks[0])), (turn, 0.0, 0.0), plates, (0.0, 0.0, -1.0))


def _gate(body: Body, size: tuple[float, float, float]) -> Leaf:
    """A tail gate, hung at the roof."""
    length, half, height = size[0], size[1] / 2, size[2]
    top_x, belt_x, low_x = body.roof[0] * length, body.base[0] * length, -0.5 * length
    top_z, belt_z, low_z = 0.96 * height, body.belt * height, body.clearance + 0.35
    wide = 0.86 * half
    rows = [(top_x, wide * body.roof_width, top_z), (belt_x, wide, belt_z), (low_x, wide, low_z)]
    plates = tuple(
        (np.array([[a[0], -a[1], a[2]], [b[0], -b[1], b[2]], [b[0], b[1], b[2]], [a[0], a[1], a[2]]]), slot)
        for a, b, slot in (
            (rows[0], rows[1], GLASS if body.rear_pane else PAINT),
            (rows[1], rows[2], PAINT),
        )
    )
    return Leaf((top_x, 0.0, top_z), (GATE_TURN, 0.0, 0.0), plates, (1.0, 0.0, 0.0))


def _plate(solid: Solid, corners: Points, through: Points, slot: int) -> None:
    """A slab: four corners of its outer face, and the way to the inner one."""
    normal = np.cross(corners[1] - corners[0], corners[2] - corners[0])
    outer = corners[::-1] if normal @ through > 0.0 else corners
    inner = outer + through
    solid.quad(*outer, slot=slot)
    solid.quad(*inner[::-1], slot=slot)
    for k in range(4):
        a, b = k, (k + 1) % 4
        solid.quad(outer[b], outer[a], inner[a], inner[b], slot=slot)


def _turned(turn: tuple[float, float, float]) -> Points:
    """The rotation of an open door about its hinge: by pitch or by yaw."""
    pitch, yaw = np.radians(turn[0]), np.radians(turn[1])
    about_y = np.array([[np.cos(pitch), 0, -np.sin(pitch)], [0, 1, 0], [np.sin(pitch), 0, np.cos(pitch)]])
    about_z = np.array([[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y)
