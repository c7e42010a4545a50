"""Pedestrian tests of Euro NCAP and FMVSS 127 as data: a car at test speed, a target timed to meet it.

A script holds the test speed until T0, 4 s before the impact; from then on the driver drives and the target
walks by the clock, so that an undisturbed car meets it where the test wants.
Sources: Euro NCAP, Crash Avoidance - Frontal Collisions 1.1 (October 2025); 49 CFR 571.127 (89 FR 39686).
Not as there: pedestrians have CARLA's boxes (a child 0.5 x 0.5 m); the nearest SUV of CARLA is 3 cm wider
and 6 cm higher than the protocol's; bodies are recorded at 10 Hz and contact is found between ticks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scenarios.drive import EGO_LENGTH, EGO_WIDTH, Drive, Placed, Walker, standing
from scenarios.judging import Judge, euro_ncap, fmvss127
from scenarios.roads import Street

STREET = Street(length=900.0)
T0 = 4.0  # s before the impact
APPROACH = 1.0  # s for which the script holds the speed before T0
TICK = 0.1  # s; the session's second tick of placing already drives
CHILD, ADULT = "walker.pedestrian.0009", "walker.pedestrian.0001"
HALF_BOX = {CHILD: 0.25, ADULT: 0.1875}  # m, half of a pedestrian's box
START_WALK = 0.3  # m over which a target along the path comes to speed
DARK = "20,20,20"
SMALL_CAR = ("vehicle.seat.leon", 4.193, 1.816)  # protocol: 4.1-4.4 x 1.7-1.9 x 1.3-1.5 m
SUV = ("vehicle.nissan.patrol", 4.605, 1.932)  # protocol: 4.3-4.7 x 1.75-1.9 x 1.5-1.8 m
GAP = 1.0  # m from the test car's side to the obstruction's, between its cars, and to the child's box
ALLEY = 4.5  # m between the parked cars of the false activation test
KMH = 1 / 3.6
FINISH = 15.0  # m beyond the target's line


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """One cell of a grid."""

    row: str
    column: str
    speed: int  # of the car, km/h
    pedestrian: str = CHILD
    target_speed: float = 5.0  # km/h
    impact: float = 50.0  # % of the car's width from its right edge
    side: float = 4.0  # m right of the car's path where the target starts; negative: from the left
    acceleration: float = 1.0  # m
    obstructed: bool = False
    kind: str = "crossing"  # crossing | standing | along | empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """A grid of tests and how each is judged."""

    tests: tuple[Test, ...]
    judge: Judge


def _ncap(speeds: range, impacts: tuple[int, ...], **target: object) -> tuple[Test, ...]:
    return tuple(
        Test(row=f"{speed} km/h", column=f"{impact} %", speed=speed, impact=impact, **target)  # type: ignore[arg-type]
        for speed in speeds
        for impact in impacts
    )


def _fmvss(column: str, speeds: range | tuple[int, ...], **target: object) -> tuple[Test, ...]:
    return tuple(Test(row=f"{speed} km/h", column=column, speed=speed, **target) for speed in speeds)  # type: ignore[arg-type]


_TENS = range(10, 61, 10)
_FROM_LEFT = {"pedestrian": ADULT, "target_speed": 8.0, "side": -6.0, "acceleration": 1.5}
PROCEDURES: dict[str, Procedure] = {
    "cpnco": Procedure(tests=_ncap(_TENS, (25, 50, 75), obstructed=True), judge=euro_ncap),
    "cpna": Procedure(tests=_ncap(_TENS, (10, 25, 50, 75, 90), pedestrian=ADULT), judge=euro_ncap),
    "cpfa": Procedure(tests=_ncap(_TENS, (10, 25, 50, 75, 90), **_FROM_LEFT), judge=euro_ncap),
    "fmvss127": Procedure(
        tests=(
            *_fmvss("obstructed child 50 %", range(10, 51, 10), obstructed=True),
            *_fmvss("from the right 25 %", _TENS, pedestrian=ADULT, impact=25.0),
            *_fmvss("from the right 50 %", _TENS, pedestrian=ADULT),
            *_fmvss("from the left 50 %", _TENS, **_FROM_LEFT),
            *_fmvss("standing 25 %", (10, 20, 30, 40, 55), pedestrian=ADULT, impact=25.0, kind="standing"),
            *_fmvss("along the path 25 %", (10, 20, 40, 65), pedestrian=ADULT, impact=25.0, kind="along"),
            *_fmvss("between parked cars", (80,), kind="empty"),
        ),
        judge=fmvss127,
    ),
}


def test_of(suite: str, seed: int) -> Test:
    """Which cell a seed drives: 0 is the first, and after the last they begin again."""
    tests = PROCEDURES[suite].tests
    return tests[seed % len(tests)]


def draw(suite: str, seed: int) -> Drive:
    """One run of one cell; later rounds over the grid take place elsewhere on the street.

    Raises:
        ValueError: The seed is negative.
    """
    if seed < 0:
        raise ValueError(f"a seed is at least 0, got {seed}")
    test = test_of(suite, seed)
    line = 350.0 + 37.0 * ((seed // len(PROCEDURES[suite].tests)) % 11)
    speed = test.speed * KMH
    face = line - HALF_BOX[test.pedestrian]
    # who walks ahead of the car has come so far until it is met
    ahead = test.target_speed * KMH * T0 - START_WALK if test.kind == "along" else 0.0
    return Drive(
        suite=suite,
        seed=seed,
        street=STREET,
        speed_limit=speed,
        start=face - EGO_LENGTH / 2 - speed * (T0 + APPROACH + TICK) + ahead,
        start_speed=speed,
        line=line,
        finish=line + FINISH,
        occluder=_parked(SMALL_CAR, face - GAP) if test.obstructed else None,
        walkers=() if test.kind == "empty" else (_target(test, line),),
        parked=_others(test, face, line),
        approach=APPROACH,
    )


def pool_of(suite: str) -> tuple[tuple[str, str], ...]:
    """Everybody whom a procedure needs beside the car, each once."""
    cars = ((SMALL_CAR[0], DARK), (SUV[0], DARK))
    tests = PROCEDURES[suite].tests
    pedestrians = dict.fromkeys((test.pedestrian, "") for test in tests)
    return (*(cars if any(test.obstructed or test.kind == "empty" for test in tests) else ()), *pedestrians)


def _target(test: Test, line: float) -> Walker:
    """The pedestrian, timed to be at the impact location when an undisturbed car comes."""
    meets = EGO_WIDTH * (0.5 - test.impact / 100)  # m right of the car's middle
    if test.kind != "crossing":
        along = test.kind == "along"
        return Walker(
            placed=standing(STREET, test.pedestrian, line, meets),
            station=line,
            side=meets,
            speed=test.target_speed * KMH,
            reach=1000.0 if along else 1e-6,  # it stands in the way: it counts as one who crosses
            reveal_distance=math.inf,
            acceleration_distance=START_WALK if along else 0.0,
            punctual=True,
        )
    way = math.copysign(1.0, test.side)
    walker = Walker(
        placed=standing(STREET, test.pedestrian, line, test.side, -way * math.pi / 2),
        station=line,
        side=test.side,
        speed=test.target_speed * KMH,
        reach=2 * abs(test.side),
        reveal_distance=math.inf,
        punctual=True,
        acceleration_distance=test.acceleration,
    )
    return walker.after(T0 - walker.time_to(abs(test.side - meets)))


def _others(test: Test, face: float, line: float) -> tuple[Placed, ...]:
    if test.obstructed:
        return (_parked(SUV, face - GAP - SMALL_CAR[1] - GAP),)
    if test.kind == "empty":
        return tuple(
            standing(STREET, name, line, way * (ALLEY / 2 + width / 2), colour=DARK)
            for way, (name, _, width) in ((1, SMALL_CAR), (-1, SUV))
        )
    return ()


def _parked(car: tuple[str, float, float], front: float) -> Placed:
    """A car of the obstruction, beside the test car's path."""
    name, length, width = car
    side = EGO_WIDTH / 2 + GAP + width / 2
    return standing(STREET, name, front - length / 2, side, colour=DARK)
