"""A truck stands in the lane, and somebody may come on the other one: the driving form of Tiger Door.

Behind the truck the other lane is hidden. Whoever knows that nobody comes passes at the limit; whoever has
only a camera must slow, peek out, and pass when the lane is empty. In half of the episodes a car comes that
meets, beside the truck, a driver who passes without looking.
Source of the scenario: Warrington et al., ICML 2021, whose published configuration names it.
"""

from __future__ import annotations

from scenarios.bodies import PARKED, VANS, Boxes
from scenarios.bodies import TRUCKS as BOX_TRUCKS
from scenarios.drive import EGO_LENGTH, Drive, Oncoming, standing
from scenarios.roads import Street
from scenarios.suites import road_rng

STREET = Street(length=900.0)
SPEED_LIMIT = 10.0  # m/s
OVER_THE_LINE = 1.85  # m left of the lane centre, the truck's left side: 0.1 m beyond the middle line
FINISH = 20.0  # m from the truck's front to where the ego's centre has to come
ROOM_LEFT = 4.75  # m: the other lane, to 1.25 m beyond its centre
STEER_AUTHORITY = 0.25  # of the vehicle's steering: a change of lanes in 15 m
CALLED = 34.0  # m from the ego's front to the truck's rear when the oncoming vehicle sets off
COMER_SIDE = -3.1  # m: wide vehicles keep near the middle line
COMER_SPEED = (14.0, 17.0)  # m/s: so quick that the truck hides them all the way

TRUCKS: Boxes = {
    "vehicle.carlamotors.european_hgv": (7.936, 2.891),
    "vehicle.carlamotors.firetruck": (8.468, 2.891),
}
OTHER_TRUCKS: Boxes = {"vehicle.mitsubishi.fusorosa": (10.273, 3.944)}
COMERS = (*VANS, *BOX_TRUCKS)
OTHER_COMERS = ("vehicle.tesla.cybertruck", "vehicle.nissan.patrol_2021")


def draw(suite: str, seed: int) -> Drive:
    """Draw one episode.

    Raises:
        ValueError: The suite is unknown or the seed negative.
    """
    rng = road_rng("overtaking_truck", suite, seed)
    trucks, comers = _boxes(suite)
    blueprint = str(rng.choice(list(trucks)))
    length, width = trucks[blueprint]
    rear = rng.uniform(300.0, STREET.length - 200.0)
    far = rng.random() < 0.7 or suite != "train"
    distance = rng.uniform(36.0, 46.0) if far else rng.uniform(24.0, 36.0)
    comes = suite != "decoys" and rng.random() < 0.5
    speed = rng.uniform(*COMER_SPEED)
    # where a driver who keeps to the limit is beside the truck when they meet
    meeting = rear + rng.uniform(0.4, 1.0) * length
    called = min(CALLED, distance - 1.0)
    until = (called + meeting - rear) / SPEED_LIMIT
    comer = Oncoming(
        blueprint=str(rng.choice(comers)),
        station=meeting + speed * until,
        side=COMER_SIDE,
        speed=speed,
        reveal_distance=called,
    )
    cars = rng.permutation(list(PARKED))[:2]
    kerb = STREET.kerb - STREET.lane_centre - 1.3
    return Drive(
        suite=suite,
        seed=seed,
        street=STREET,
        speed_limit=SPEED_LIMIT,
        start=rear - EGO_LENGTH / 2 - distance,
        start_speed=rng.uniform(8.0, SPEED_LIMIT) if far else rng.uniform(3.0, 7.0),
        line=rear,
        finish=rear + length + FINISH,
        occluder=standing(STREET, blueprint, rear + length / 2, width / 2 - OVER_THE_LINE),
        parked=tuple(
            standing(STREET, str(car), rear - rng.uniform(15.0, 40.0) + 60.0 * index, kerb)
            for index, car in enumerate(cars)
        ),
        oncoming=(comer,) if comes else (),
        weather=str(rng.choice(("CloudyNoon", "WetNoon", "ClearSunset")))
        if suite == "shifted"
        else "ClearNoon",
        room_left=ROOM_LEFT,
        steer_authority=STEER_AUTHORITY,
    )


def pool_of(suite: str) -> tuple[tuple[str, str], ...]:
    """Everybody whom an episode can need beside the ego, each once."""
    trucks, comers = _boxes(suite)
    return tuple((blueprint, "") for blueprint in (*trucks, *comers, *PARKED))


def _boxes(suite: str) -> tuple[Boxes, tuple[str, ...]]:
    return (OTHER_TRUCKS, OTHER_COMERS) if suite == "shifted" else (TRUCKS, COMERS)
