"""A vehicle's lamps: which of CARLA's light flags lights which, how they look, and what they shine on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driving.server.render import lamps
from driving.server.render import surfaces as s
from driving.server.render.arrays import Triple

# carla.VehicleLightState
POSITION, LOW, HIGH, BRAKE, RIGHT_BLINKER, LEFT_BLINKER, REVERSE, FOG = 1, 2, 4, 8, 16, 32, 64, 128
INTERIOR, SPECIAL = 256, 512 | 1024

HEAD, TAIL, LEFT, RIGHT, BACKING, BEACON, CABIN = range(7)  # sorts of lamps
BLINKS = 1.5  # per s, of indicators; beacons turn twice as fast
_LOOKS: dict[int, Triple] = {
    HEAD: (1.0, 0.96, 0.86), TAIL: (1.0, 0.03, 0.02), LEFT: (1.0, 0.36, 0.02), RIGHT: (1.0, 0.36, 0.02),
    BACKING: (0.95, 0.95, 1.0), BEACON: (0.06, 0.16, 1.0), CABIN: (0.30, 0.25, 0.17),
}  # fmt: skip
_BEAM, _RED, _WHITE, _BLUE = 400.0, 3.2, 5.0, 14.0  # light at 1 m
_LOW_RANGE, _HIGH_RANGE, _NEAR_RANGE = 60.0, 110.0, 9.0  # m


@dataclass(frozen=True)
class Lamp:
    """One lamp of a vehicle."""

    sort: int
    slot: int  # of the vehicle's surfaces
    place: Triple  # m, in the vehicle's frame

    @property
    def way(self) -> float:
        """1: it shines ahead, -1: backwards."""
        return 1.0 if self.place[0] > 0.0 else -1.0


def brightness(sort: int, flags: int, seconds: float) -> float:
    """How bright a lamp of one sort is under these flags at a simulated second; 0: off, 1: full."""
    blinking = math.floor(2.0 * BLINKS * seconds) % 2 == 0
    if sort == HEAD:
        return 1.0 if flags & HIGH else (0.8 if flags & (LOW | FOG) else (0.35 if flags & POSITION else 0.0))
    if sort == TAIL:
        return (
            1.0
            if flags & BRAKE
            else (0.7 if flags & FOG else (0.4 if flags & (POSITION | LOW | HIGH) else 0.0))
        )
    if sort == LEFT:
        return float(bool(flags & LEFT_BLINKER) and blinking)
    if sort == RIGHT:
        return float(bool(flags & RIGHT_BLINKER) and blinking)
    if sort == BEACON:
        return float(bool(flags & SPECIAL) and math.floor(4.0 * BLINKS * seconds) % 2 == 0)
    return float(bool(flags & (REVERSE if sort == BACKING else INTERIOR)))


def repainted(
    surfaces: NDArray[np.float64], fitted: tuple[Lamp, ...], flags: int, seconds: float
) -> NDArray[np.float64]:
    """A vehicle's surfaces (slots, COLUMNS) with the lamps that burn glowing."""
    painted = surfaces.copy()
    for lamp in fitted:
        share = brightness(lamp.sort, flags, seconds)
        if share > 0.0:
            painted[lamp.slot, s.KIND] = s.GLOW
            painted[lamp.slot, s.RED : s.BLUE + 1] = np.array(_LOOKS[lamp.sort]) * (0.25 + 0.75 * share)
    return painted


def beams(
    fitted: tuple[Lamp, ...], pose: NDArray[np.float64], flags: int, seconds: float, row: int
) -> Iterator[list[float]]:
    """What the burning lamps shine on the street, as rows of `lamps`: one beam for all headlights."""
    heads = [lamp.place for lamp in fitted if lamp.sort == HEAD]
    if heads and flags & (LOW | HIGH | FOG):
        middle = np.mean(heads, axis=0) + np.array([0.1, 0.0, 0.0])
        dip = -0.004 if flags & HIGH else -0.03
        sort, reach = (lamps.MAIN, _HIGH_RANGE) if flags & HIGH else (lamps.DIPPED, _LOW_RANGE)
        gain = _BEAM * (1.6 if flags & HIGH else 1.0)
        yield _row(pose, middle, np.array([1.0, 0.0, dip]), np.array(_LOOKS[HEAD]) * gain, reach, sort, row)
    for sort, gain in ((TAIL, _RED), (BACKING, _WHITE), (BEACON, _BLUE)):
        places = [lamp.place for lamp in fitted if lamp.sort == sort]
        share = brightness(sort, flags, seconds)
        if places and share > 0.5:
            middle = np.mean(places, axis=0) + np.array([0.0 if sort == BEACON else -0.3, 0.0, 0.2])
            colour = np.array(_LOOKS[sort]) * gain
            yield _row(pose, middle, np.array([-1.0, 0.0, 0.0]), colour, _NEAR_RANGE, lamps.POOL, row)


def glares(
    fitted: tuple[Lamp, ...], pose: NDArray[np.float64], flags: int, seconds: float
) -> Iterator[list[float]]:
    """What dazzles a camera: rows of `glare`, one per burning lamp."""
    for lamp in fitted:
        share = brightness(lamp.sort, flags, seconds)
        if share > 0.0 and lamp.sort != CABIN:
            size = (0.85 if flags & HIGH else 0.65) if lamp.sort == HEAD else 0.42
            place = pose[:, :3] @ np.array(lamp.place) + pose[:, 3]
            way = pose[:, 0] * lamp.way * (0.0 if lamp.sort == BEACON else 1.0)
            yield [*place, *way, *(np.array(_LOOKS[lamp.sort]) * (0.35 + 0.65 * share)), size]


def _row(
    pose: NDArray[np.float64],
    place: NDArray[np.float64],
    way: NDArray[np.float64],
    colour: NDArray[np.float64],
    reach: float,
    sort: int,
    row: int,
) -> list[float]:
    turned = pose[:, :3] @ (way / np.linalg.norm(way))
    return [*(pose[:, :3] @ place + pose[:, 3]), *turned, *colour, reach, float(sort), float(row)]
