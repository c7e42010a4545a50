"""Wider families of the child crossing: other occluders, sides, bends, groups, decoys, limits and traffic.

Each family varies one thing; `crossings` varies all of them and is what a wide driver trains on. The worked
geometry of `scenarios.child_crossing` stays: the occluder's side is 1.9 m from the lane's centre and the
child sets off so late that whoever comes at the limit meets it, but never nearer than 5 m. Some set off later
than that: whoever has slowed, but not enough, meets them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from scenarios import bodies, in_sight
from scenarios.bodies import Boxes
from scenarios.drive import EGO_LENGTH, EGO_WIDTH, Drive, Follower, Oncoming, Placed, Walker, standing
from scenarios.roads import Bend, Street
from scenarios.suites import road_rng

INNER_EDGE = 1.9  # m from the lane centre to the occluder's side
FINISH = 10.0  # m beyond the child's line
BEYOND = 6.0  # m from the lane centre, where a child stops on the other pavement
NEAREST = 5.0  # m from the ego's front to the child's line at which a child may set off at the latest
KMH = 1 / 3.6
STRAIGHT = Street(length=900.0)
BENT = Street(length=900.0, bends=(Bend(330.0, 130.0, 1 / 150), Bend(560.0, 130.0, -1 / 150)))
OTHER = Street(
    length=900.0,
    bends=(Bend(300.0, 100.0, -1 / 180), Bend(520.0, 160.0, 1 / 160)),
    lane_width=3.25,
    parking_width=2.5,
    sidewalk_width=4.0,
)
"""The street of `shifted`: no driver trained on it."""
OTHER_WEATHERS = ("CloudyNoon", "WetNoon", "MidRainyNoon", "ClearSunset", "WetCloudySunset")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What varies in one kind of crossing."""

    occluders: Boxes = field(default_factory=lambda: {**bodies.VANS, **bodies.TRUCKS})
    street: Street = STRAIGHT
    far_side: float = 0.0  # share of episodes in which the child comes from the left
    bends_only: bool = False  # the child's line is in a bend
    most_children: int = 1
    kerb: float = 0.0  # share of episodes with a child that stays on the pavement
    limits: tuple[float, ...] = (10.0,)  # m/s
    traffic: bool = False  # a car behind, and one that comes towards the ego
    late: float = 0.0  # share of children who set off when the car is anywhere between there and NEAREST
    in_sight: float = 0.0  # share of episodes in which nothing hides anybody: `scenarios.in_sight`


EVERY_OCCLUDER: Boxes = {
    **bodies.CARS,
    **bodies.SUVS,
    **bodies.VANS,
    **bodies.TRUCKS,
    **bodies.BUSES,
    **bodies.KIOSKS,
}
LIMITS = tuple(kmh * KMH for kmh in (20, 30, 40, 50, 60))
AT_A_WALK = 10 * KMH  # m/s, as the standards' slowest tests
TELLING = LIMITS[1:]  # at lower ones whoever brakes at sight can stop: `crossings` has them thrice as often
FAMILIES: dict[str, Family] = {
    "crossing_occluders": Family(occluders=EVERY_OCCLUDER),
    "crossing_far_side": Family(far_side=1.0),
    "crossing_bends": Family(street=BENT, bends_only=True),
    "crossing_group": Family(most_children=3),
    "crossing_kerb": Family(kerb=0.6),
    "crossing_limits": Family(limits=LIMITS),
    "crossing_traffic": Family(traffic=True),
    "crossing_in_sight": Family(in_sight=1.0, limits=(AT_A_WALK, *LIMITS)),
    "crossings": Family(
        occluders=EVERY_OCCLUDER,
        street=BENT,
        far_side=0.3,
        most_children=3,
        kerb=0.3,
        limits=(AT_A_WALK, AT_A_WALK, *LIMITS, *TELLING, *TELLING),
        traffic=True,
        late=0.3,
        in_sight=0.25,
    ),
}


def family_of(scenario: str, suite: str) -> Family:
    """What varies in a suite of a scenario; of `child_crossing` too, where it draws none itself."""
    family = FAMILIES.get(scenario, Family())
    if suite != "shifted":
        return family
    return replace(family, occluders=bodies.UNTRAINED, street=OTHER, bends_only=False)


def pool_of(scenario: str, suite: str) -> tuple[tuple[str, str], ...]:
    """Everybody whom an episode can need beside the ego, each once."""
    family = family_of(scenario, suite)
    named = [*family.occluders, *_children(suite), *_adults(family, suite), *bodies.PARKED]
    if family.traffic:
        named += [*bodies.ONCOMING, bodies.BEHIND]
    return tuple((blueprint, "") for blueprint in named)


def draw(scenario: str, suite: str, seed: int) -> Drive:
    """Draw one episode.

    Raises:
        ValueError: The suite is unknown or the seed negative.
    """
    family, rng = family_of(scenario, suite), road_rng(scenario, suite, seed)
    street = family.street
    line = _line(rng, family)
    limit = float(rng.choice(family.limits))
    from_left = rng.random() < family.far_side
    tight = suite == "short_reveal"
    crosses = tight or (rng.random() < 0.5 and suite != "decoys")
    way = -1.0 if from_left else 1.0
    occluder: Placed | None
    occluder, rear = _occluder(rng, family, way=way, line=line, tight=tight)
    names = [str(name) for name in rng.permutation(list(_children(suite)))]
    walkers = _crossing(rng, family, names, line=line, way=way, limit=limit, tight=tight) if crosses else ()
    if family.in_sight and suite not in ("short_reveal", "decoys") and rng.random() < family.in_sight:
        occluder, way = None, 1.0
        name = str(rng.choice([names[0], *_adults(family, suite)]))
        walkers = (in_sight.draw(rng, street, name, line=line, limit=limit),) if crosses else ()
    if rng.random() < (0.5 if suite == "decoys" else family.kerb) and len(walkers) < len(names):
        walkers += (_waiting(rng, street, names[-1], line),)
    from_right = way > 0.0 and all(walker.way > 0.0 for walker in walkers)
    distance, speed = _beginning(rng, limit, spread=suite == "train")
    traffic = family.traffic and rng.random() < 0.7
    return Drive(
        suite=suite,
        seed=seed,
        street=street,
        speed_limit=limit,
        start=line - EGO_LENGTH / 2 - distance,
        start_speed=speed,
        line=line,
        finish=line + FINISH,
        occluder=occluder,
        walkers=walkers,
        parked=_parked(rng, street, rear=rear, line=line),
        oncoming=_oncoming(rng, street, line) if traffic and from_right else (),
        follower=Follower(blueprint=bodies.BEHIND, gap=rng.uniform(10.0, 25.0)) if traffic else None,
        weather=str(rng.choice(OTHER_WEATHERS)) if suite == "shifted" else "ClearNoon",
    )


def _children(suite: str) -> tuple[str, ...]:
    return bodies.OTHER_CHILDREN if suite == "shifted" else bodies.CHILDREN


def _adults(family: Family, suite: str) -> tuple[str, ...]:
    """Adults cross only where nothing is put there to hide them."""
    if not family.in_sight:
        return ()
    return bodies.OTHER_ADULTS if suite == "shifted" else bodies.ADULTS


def _occluder(
    rng: np.random.Generator, family: Family, *, way: float, line: float, tight: bool
) -> tuple[Placed, float]:
    """What hides a child that comes this way, and the station of its rear (m)."""
    fit = [name for name in family.occluders if way > 0.0 or "static" not in name]
    blueprint = str(rng.choice(fit))
    length, width = family.occluders[blueprint]
    front = line - rng.uniform(0.5, 0.7 if tight else 1.2) - bodies.CHILD_BOX / 2
    turn = _turn(blueprint) if way > 0.0 else math.pi
    placed = standing(family.street, blueprint, front - length / 2, way * (INNER_EDGE + width / 2), turn)
    return placed, front - length


def _turn(blueprint: str) -> float:
    """Which way an occluder of the near side stands; a kiosk opens towards the road."""
    return -math.pi if blueprint in bodies.KIOSKS else 0.0


def _line(rng: np.random.Generator, family: Family) -> float:
    """Where the child crosses; m along the street."""
    if not family.bends_only:
        return float(rng.uniform(300.0, family.street.length - 80.0))
    bend = family.street.bends[int(rng.integers(len(family.street.bends)))]
    return float(rng.uniform(bend.start + 30.0, bend.start + bend.length))


def _crossing(
    rng: np.random.Generator,
    family: Family,
    names: list[str],
    *,
    line: float,
    way: float,
    limit: float,
    tight: bool,
) -> tuple[Walker, ...]:
    """Children who run across, the first of them so that a car at the limit meets it."""
    count = int(rng.integers(2, family.most_children + 1)) if family.most_children > 1 else 1
    side = rng.uniform(2.4, 3.2)
    speed = rng.uniform(2.8 if tight else 2.2, 3.6)
    met = rng.uniform(0.1, 0.9) * EGO_WIDTH  # from the edge that it comes to first
    path = side - EGO_WIDTH / 2 + met
    speed = min(speed, path * limit / NEAREST)  # or it were past before a slow car came
    time = path / speed
    reveal = rng.uniform(NEAREST, NEAREST + 1.5) if tight else max(limit * time, NEAREST)
    if family.late and not tight and rng.random() < family.late:
        reveal = rng.uniform(NEAREST, reveal)
    walkers = []
    for index in range(count):
        walkers.append(
            Walker(
                placed=standing(
                    family.street, names[index], line + 0.7 * index, way * side, -way * math.pi / 2
                ),
                station=line + 0.7 * index,
                side=way * side,
                speed=speed,
                reach=side + BEYOND - 0.8 * index,
                reveal_distance=reveal,
            )
        )
        side += rng.uniform(0.6, 1.0)
        speed *= rng.uniform(0.8, 1.0)
    return tuple(walkers)


def _waiting(rng: np.random.Generator, street: Street, name: str, line: float) -> Walker:
    """A child that stands on the pavement in sight and stays there."""
    side = street.kerb - street.lane_centre + rng.uniform(0.3, 1.0)
    station = line + rng.uniform(2.5, 7.0)
    return Walker(
        placed=standing(street, name, station, side, -math.pi / 2),
        station=station,
        side=side,
        speed=1.0,
        reach=0.0,
        reveal_distance=0.0,
    )


def _beginning(rng: np.random.Generator, limit: float, *, spread: bool) -> tuple[float, float]:
    """How far the ego's front is from the child's line at the start (m), and how fast it is (m/s).

    Where `spread`, two of three episodes begin nearer and slower, as in `scenarios.child_crossing`.
    """
    if spread and rng.random() < 2 / 3:
        distance = rng.uniform(9.0, max(3.0 * limit, 15.0))
        return distance, rng.uniform(2.0, min(limit, (2 * 3.0 * (distance - 4.0)) ** 0.5))
    return max(rng.uniform(2.5, 4.0) * limit, min(22.0, 4.0 * limit)), rng.uniform(0.7, 1.0) * limit


def _parked(rng: np.random.Generator, street: Street, *, rear: float, line: float) -> tuple[Placed, ...]:
    """Cars along both kerbs, none of them near enough to the child's line to hide the child."""
    slots = [
        (rear - rng.uniform(4.0, 9.0), 1),
        (line + rng.uniform(12.0, 22.0), 1),
        (line - rng.uniform(20.0, 40.0), -1),
        (line + rng.uniform(8.0, 25.0), -1),
    ]
    cars = []
    for blueprint, (station, right) in zip(rng.permutation(list(bodies.PARKED)), slots, strict=True):
        width = bodies.PARKED[str(blueprint)][1]
        side = right * (street.kerb - width / 2 - 0.3) - street.lane_centre
        cars.append(standing(street, str(blueprint), station, side, 0.0 if right > 0 else math.pi))
    return tuple(cars)


def _oncoming(rng: np.random.Generator, street: Street, line: float) -> tuple[Oncoming, ...]:
    """A car on the other lane that has passed the line before anybody runs."""
    return (
        Oncoming(
            blueprint=next(iter(bodies.ONCOMING)),
            station=line + rng.uniform(3.0, 9.0),
            side=-street.lane_width,
            speed=rng.uniform(8.0, 11.0),
            reveal_distance=math.inf,
        ),
    )
