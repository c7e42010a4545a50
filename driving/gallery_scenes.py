"""What stands in each of the gallery's twelve pictures, and in which weather."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

VIEWS = ("semantic_segmentation", "instance_segmentation", "depth", "normals")

Weather = Mapping[str, float]  # fields of carla.WeatherParameters


@dataclass(frozen=True)
class Thing:
    """Somebody in a scene: m along the road and right of the lane's middle, turned by degrees."""

    blueprint: str
    along: float
    across: float
    turn: float = 0.0
    colour: str = ""
    lights: int = 0
    walks: bool = False


@dataclass(frozen=True)
class Scene:
    """One picture."""

    caption: str
    weather: Weather
    things: Sequence[Thing]
    eye: tuple[float, float, float] = (0.0, 0.0, 1.5)  # m along, across and above the lane's middle
    look: tuple[float, float] = (-2.0, 0.0)  # pitch and yaw, degrees
    drawn: bool = False  # with debug shapes
    kinds: Sequence[str] = field(default=("rgb",))  # of cameras; several share the picture


CLEAR = {"sun_altitude_angle": 45.0, "sun_azimuth_angle": 30.0, "cloudiness": 10.0, "fog_density": 0.0}
LOW, HIGH, BRAKE, RIGHT, LEFT, SPECIAL = 1 | 2, 1 | 2 | 4, 1 | 8, 16, 32, 1 | 512  # carla.VehicleLightState
_NIGHT = {"sun_altitude_angle": -40.0, "cloudiness": 10.0}
_STREET = (
    Thing("vehicle.mercedes.sprinter", 13.0, 3.2, colour="225,228,230"),
    Thing("vehicle.tesla.model3", 20.5, 3.2, colour="170,24,28"),
    Thing("vehicle.mini.cooper_s_2021", 27.0, 3.2, colour="24,92,66"),
    Thing("walker.pedestrian.0009", 10.0, 1.5, turn=-90.0, walks=True),
    Thing("walker.pedestrian.0021", 9.0, 6.1, turn=180.0, walks=True),
    Thing("walker.pedestrian.0004", 12.0, -9.4, walks=True),
)


def _with_traffic(ego: int = 0, oncoming: int = 0, braking: int = 0) -> tuple[Thing, ...]:
    """The street with a car behind the camera, one that comes, and one that brakes ahead."""
    return (
        *_STREET,
        Thing("vehicle.lincoln.mkz_2017", -2.6, 0.0, colour="60,60,64", lights=ego),
        Thing("vehicle.audi.tt", 11.0, -3.5, turn=180.0, colour="30,70,170", lights=oncoming),
        Thing("vehicle.nissan.patrol_2021", 24.0, 0.0, colour="190,196,200", lights=braking),
    )


_PEOPLE = tuple(
    Thing(
        f"walker.pedestrian.{number:04d}", 5.5 + 1.1 * (row + 0.3 * (column % 2)), 0.85 * (column - 3.0),
        turn=(137.0 * number) % 360.0, walks=True,
    )
    for row in range(4)
    for column in range(7)
    for number in [1 + (row * 7 + column) % 52]
)  # fmt: skip

SCENES = (
    Scene("day", {}, _with_traffic()),
    Scene("dusk", {"sun_altitude_angle": 1.0, "cloudiness": 30.0}, _with_traffic(LOW, LOW, BRAKE)),
    Scene("night", _NIGHT, _with_traffic(LOW, LOW, BRAKE | RIGHT)),
    Scene(
        "hard rain",
        {"cloudiness": 100.0, "precipitation": 100.0, "precipitation_deposits": 90.0, "wind_intensity": 60.0},
        _with_traffic(LOW, LOW, BRAKE),
    ),
    Scene(
        "rain at night",
        {
            **_NIGHT,
            "cloudiness": 90.0,
            "precipitation": 50.0,
            "precipitation_deposits": 80.0,
            "wetness": 80.0,
        },
        _with_traffic(LOW, LOW, BRAKE),
    ),
    Scene(
        "fog",
        {"cloudiness": 60.0, "fog_density": 60.0, "fog_distance": 6.0, "fog_falloff": 0.4},
        _with_traffic(LOW, LOW, BRAKE),
    ),
    Scene(
        "cars and vans",
        {},
        (
            Thing("vehicle.micro.microlino", 9.0, -5.0, turn=150.0, colour="230,190,60"),
            Thing("vehicle.seat.leon", 9.5, -1.4, turn=150.0, colour="180,30,36"),
            Thing("vehicle.ford.mustang", 10.0, 2.4, turn=150.0, colour="30,80,170"),
            Thing("vehicle.ford.crown", 17.0, -6.2, turn=150.0, colour="240,190,30"),
            Thing("vehicle.jeep.wrangler_rubicon", 17.5, -2.2, turn=150.0, colour="70,92,60"),
            Thing("vehicle.volkswagen.t2", 18.0, 2.0, turn=150.0, colour="90,170,180"),
            Thing("vehicle.dodge.charger_police", 27.0, -5.0, turn=150.0, colour="30,32,38", lights=SPECIAL),
            Thing("vehicle.mercedes.sprinter", 27.0, 0.6, turn=150.0, colour="225,228,230"),
        ),
        eye=(0.0, -0.8, 2.6),
        look=(-7.0, -2.0),
    ),
    Scene(
        "trucks and buses",
        {},
        (
            Thing("vehicle.ford.ambulance", 12.0, -7.6, turn=150.0, colour="240,240,240", lights=SPECIAL),
            Thing("vehicle.carlamotors.carlacola", 14.0, -2.2, turn=150.0, colour="190,30,30"),
            Thing("vehicle.tesla.cybertruck", 12.0, 3.2, turn=150.0, colour="178,182,186"),
            Thing("vehicle.mitsubishi.fusorosa", 25.0, -8.4, turn=150.0, colour="226,206,120"),
            Thing(
                "vehicle.carlamotors.firetruck", 27.0, -1.6, turn=150.0, colour="190,24,22", lights=SPECIAL
            ),
            Thing("vehicle.carlamotors.european_hgv", 26.0, 4.4, turn=150.0, colour="60,110,160"),
        ),
        eye=(0.0, -1.5, 3.8),
        look=(-8.0, -2.0),
    ),
    Scene(
        "motorcycles and bicycles",
        {},
        (
            Thing("vehicle.harley-davidson.low_rider", 5.6, -2.7, turn=135.0, colour="30,30,34"),
            Thing("vehicle.bh.crossbike", 5.6, -0.9, turn=135.0, colour="40,90,180"),
            Thing("vehicle.kawasaki.ninja", 5.6, 0.9, turn=135.0, colour="60,180,60"),
            Thing("vehicle.gazelle.omafiets", 5.6, 2.7, turn=135.0, colour="30,30,30"),
            Thing("vehicle.vespa.zx125", 9.0, -2.2, turn=135.0, colour="200,60,50"),
            Thing("vehicle.diamondback.century", 9.0, 0.2, turn=135.0, colour="220,220,225"),
            Thing("vehicle.yamaha.yzf", 9.0, 2.6, turn=135.0, colour="40,80,200"),
        ),
        eye=(0.0, 0.0, 1.7),
        look=(-9.0, 0.0),
    ),
    Scene("a crowd of adults and children", {}, _PEOPLE, eye=(0.0, 0.0, 2.4), look=(-10.0, 0.0)),
    Scene("debug shapes", {}, _with_traffic(), drawn=True),
    Scene("classes, instances, depth, normals", {}, _with_traffic(), kinds=VIEWS),
)
