"""Which actors of CARLA 0.9.16 appear in crossings, with the length and width of their boxes."""

from __future__ import annotations

Boxes = dict[str, tuple[float, float]]
"""Blueprint -> length and width of its box; m."""

CARS: Boxes = {
    "vehicle.citroen.c3": (3.988, 1.851),
    "vehicle.seat.leon": (4.193, 1.816),
    "vehicle.tesla.model3": (4.792, 2.163),
}
SUVS: Boxes = {"vehicle.nissan.patrol_2021": (5.566, 2.150), "vehicle.audi.etron": (4.856, 2.033)}
VANS: Boxes = {"vehicle.mercedes.sprinter": (5.915, 1.988), "vehicle.ford.ambulance": (6.366, 2.351)}
TRUCKS: Boxes = {"vehicle.carlamotors.carlacola": (5.204, 2.627)}
BUSES: Boxes = {"vehicle.mitsubishi.fusorosa": (10.273, 3.944)}
KIOSKS: Boxes = {"static.prop.kiosk_01": (1.625, 1.654)}
"""What stands at the kerb; 0.9.16 has no hedge among its blueprints, and its bus shelters are of glass."""

UNTRAINED: Boxes = {
    "vehicle.volkswagen.t2": (4.480, 2.069),
    "vehicle.carlamotors.firetruck": (8.468, 2.891),
    "vehicle.carlamotors.european_hgv": (7.936, 2.891),
    "vehicle.jeep.wrangler_rubicon": (3.866, 1.905),
}
"""Occluders of no training episode."""

PARKED: Boxes = {
    "vehicle.audi.a2": (3.705, 1.789),
    "vehicle.nissan.patrol": (4.605, 1.932),
    "vehicle.toyota.prius": (4.514, 2.007),
    "vehicle.mini.cooper_s": (3.806, 1.970),
}
CHILDREN = ("walker.pedestrian.0009", "walker.pedestrian.0010", "walker.pedestrian.0011")
OTHER_CHILDREN = ("walker.pedestrian.0012", "walker.pedestrian.0013", "walker.pedestrian.0014")
CHILD_BOX = 0.5  # m, the larger of a child's length and width
ONCOMING: Boxes = {"vehicle.audi.tt": (4.181, 1.994)}
BEHIND = "vehicle.nissan.micra"
ADULTS = ("walker.pedestrian.0001", "walker.pedestrian.0005")
OTHER_ADULTS = ("walker.pedestrian.0003", "walker.pedestrian.0007")
ACTORS = (
    *(CARS | SUVS | VANS | TRUCKS | BUSES | KIOSKS | UNTRAINED | PARKED | ONCOMING),
    *(*CHILDREN, *OTHER_CHILDREN, *ADULTS, *OTHER_ADULTS, BEHIND),
)
"""Every blueprint above."""
