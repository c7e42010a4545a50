"""A child may dart out from behind a parked van: the occluded pedestrian of the A2D paper, as data.

The geometry is worked so that no driver can see the child early enough at the speed limit, while one
who slows beside the van can always stop. Frame: CARLA (x along the street, y to the right), metres.
Source of the scenario: Warrington et al., ICML 2021, section 6 ("occluded pedestrian").
"""

from __future__ import annotations

import math

import numpy as np

from scenarios.drive import EGO_LENGTH, Drive, Placed, Walker
from scenarios.roads import Street
from scenarios.suites import episode_rng

STREET = Street()
SPEED_LIMIT = 10.0  # m/s
INNER_EDGE = 1.9  # m from the lane centre to the occluder's side
FINISH = 10.0  # m beyond the child's line
CHILD_BOX = 0.5  # m, length and width of a child's box
STOP_BESIDE = -6.0  # m from the lane centre, where the child stops on the far pavement

# blueprint -> length, width of its box in CARLA 0.9.16; m
OCCLUDERS: dict[str, tuple[float, float]] = {
    "vehicle.mercedes.sprinter": (5.915, 1.988),
    "vehicle.ford.ambulance": (6.366, 2.351),
    "vehicle.carlamotors.carlacola": (5.204, 2.627),
}
CHILDREN = ("walker.pedestrian.0009", "walker.pedestrian.0010", "walker.pedestrian.0011")
PARKED: dict[str, tuple[float, float]] = {
    "vehicle.audi.a2": (3.705, 1.789),
    "vehicle.nissan.patrol": (4.605, 1.932),
    "vehicle.toyota.prius": (4.514, 2.007),
    "vehicle.mini.cooper_s": (3.806, 1.970),
}


def draw(suite: str, seed: int) -> Drive:
    """Draw one episode.

    Args:
        suite: A name of `scenarios.suites.SUITES`.
        seed: The episode's number in that suite; at least 0.

    Raises:
        ValueError: The suite is unknown or the seed negative.
    """
    rng = episode_rng(suite, seed)
    line_x = rng.uniform(120.0, STREET.length - 80.0)
    blueprint = str(rng.choice(list(OCCLUDERS)))
    length, width = OCCLUDERS[blueprint]
    front = line_x - rng.uniform(0.5, 1.2) - CHILD_BOX / 2
    occluder = Placed(blueprint, front - length / 2, STREET.lane_centre + INNER_EDGE + width / 2, 0.0)
    placed = Placed(
        str(rng.choice(CHILDREN)), line_x, STREET.lane_centre + rng.uniform(2.4, 3.2), -math.pi / 2
    )
    distance, speed = _beginning(rng, spread=suite == "train")
    crosses = rng.random() < 0.5
    side = placed.y - STREET.lane_centre
    child = Walker(
        placed=placed,
        station=line_x,
        side=side,
        speed=rng.uniform(1.4, 3.6),
        reach=side - STOP_BESIDE,
        reveal_distance=rng.uniform(5.0, 12.0),
    )
    return Drive(
        suite=suite,
        seed=seed,
        street=STREET,
        speed_limit=SPEED_LIMIT,
        start=line_x - EGO_LENGTH / 2 - distance,
        start_speed=speed,
        line=line_x,
        finish=line_x + FINISH,
        occluder=occluder,
        walkers=(child,) if crosses else (),
        parked=_parked(rng, rear=front - length, line_x=line_x),
    )


def blueprint_pool() -> tuple[str, ...]:
    """Every actor that an episode can need beside the ego, each once: spawned once, then reused."""
    return (*OCCLUDERS, *CHILDREN, *PARKED)


def _beginning(rng: np.random.Generator, *, spread: bool) -> tuple[float, float]:
    """How far the ego's front is from the child's line at the start (m), and how fast it is (m/s).

    Where `spread`, two of three episodes begin nearer and slower, at a speed that comfortable braking can
    still take off: who has only ever passed the van at the limit cannot know what slowing would change.
    """
    if spread and rng.random() < 2 / 3:
        distance = rng.uniform(9.0, 30.0)
        return distance, rng.uniform(2.0, min(SPEED_LIMIT, (2 * 3.0 * (distance - 4.0)) ** 0.5))
    return rng.uniform(22.0, 40.0), rng.uniform(5.0, SPEED_LIMIT)


def _parked(rng: np.random.Generator, *, rear: float, line_x: float) -> tuple[Placed, ...]:
    """Cars along both kerbs, none of them near enough to the child's line to hide the child."""
    slots = [
        (rear - rng.uniform(4.0, 9.0), 1),
        (line_x + rng.uniform(9.0, 20.0), 1),
        (line_x + rng.uniform(-30.0, -10.0), -1),
        (line_x + rng.uniform(5.0, 25.0), -1),
    ]
    cars = []
    for blueprint, (x, side) in zip(rng.permutation(list(PARKED)), slots, strict=True):
        width = PARKED[str(blueprint)][1]
        kerb = STREET.lane_width + STREET.parking_width
        cars.append(Placed(str(blueprint), x, side * (kerb - width / 2 - 0.3), 0.0 if side > 0 else np.pi))
    return tuple(cars)
