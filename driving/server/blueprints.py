"""What can be spawned: ids and sizes of CARLA 0.9.16's actors, and the attributes a client may set.

Ids and sizes (blueprints.csv) are those of a running 0.9.16 server, as published by the Scenic project
(BSD-3-Clause). Colours, walkers' gender and wheelchairs were not published and are our own choice.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

BOOL, INT, FLOAT, STRING, COLOUR = 1, 2, 3, 4, 5  # ActorAttributeType

VEHICLE_COLOURS = ("160,30,30", "40,60,120", "180,180,185", "25,25,28", "230,230,230", "60,90,60")
TWO_WHEELED = ("bicycle", "motorcycle")
TAGS = {"car": 14, "van": 14, "truck": 15, "bus": 16, "motorcycle": 18, "bicycle": 19}  # CityObjectLabel
PEDESTRIAN_TAG, PROP_TAG = 12, 21
MASSES = {  # kg
    "car": 1600.0, "van": 2300.0, "truck": 7500.0, "bus": 6500.0, "motorcycle": 290.0, "bicycle": 95.0,
    "child": 30.0, "adult": 75.0,
}  # fmt: skip
LARGEST_IMAGE = 4096  # pixels along one side

Size = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Attribute:
    """One property of a blueprint."""

    id: str
    type: int
    value: str
    recommended: tuple[str, ...] = ()
    modifiable: bool = True


@dataclass(frozen=True, slots=True)
class Blueprint:
    """One kind of actor."""

    uid: int
    id: str
    attributes: tuple[Attribute, ...]
    kind: str  # vehicle | walker | prop | sensor
    sort: str = ""  # car, van, child, ...
    size: Size = (0.0, 0.0, 0.0)  # length, width, height; m
    mass: float = math.inf  # kg; inf: nothing moves it
    tag: int = 0  # CityObjectLabel

    @property
    def tags(self) -> str:
        """The id's parts, as the client's filters see them."""
        return self.id.replace(".", ",")


@cache
def library() -> Mapping[str, Blueprint]:
    """Every blueprint by id, in the order in which clients list them."""
    found: dict[str, Blueprint] = {}
    table = resources.files(__package__).joinpath("blueprints.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(table.splitlines()):
        size = (float(row["length"]), float(row["width"]), float(row["height"]))
        found[row["id"]] = _body(len(found) + 1, row["id"], row["sort"], row["special"], size)
    for sensor, attributes in _SENSORS.items():
        found[sensor] = Blueprint(len(found) + 1, sensor, (*_names(sensor), *attributes), "sensor")
    return found


def valid(blueprint: Blueprint, values: Mapping[str, str]) -> bool:
    """Whether a client's attribute values can be used: numbers are numbers, images have a size."""
    try:
        for attribute in blueprint.attributes:
            text = values.get(attribute.id, attribute.value)
            if attribute.type == INT and attribute.id.startswith("image_size"):
                if not 1 <= int(text) <= LARGEST_IMAGE:
                    return False
            elif attribute.type in (INT, FLOAT):
                number = float(text)
                if not math.isfinite(number) or (attribute.id == "fov" and not 1.0 <= number <= 179.0):
                    return False
            elif attribute.type == COLOUR and len(colour(text)) != 3:
                return False
    except ValueError:
        return False
    return True


def colour(text: str) -> tuple[int, ...]:
    """The channels of "r,g,b"."""
    return tuple(min(max(int(part), 0), 255) for part in text.split(","))


def _names(blueprint: str) -> tuple[Attribute, ...]:
    return (Attribute("role_name", STRING, "default"), Attribute("ros_name", STRING, blueprint))


def _constant(name: str, kind: int, text: str) -> Attribute:
    return Attribute(name, kind, text, modifiable=False)


def _body(uid: int, name: str, sort: str, special: str, size: Size) -> Blueprint:
    family = name.split(".")[0]
    if family == "vehicle":
        attributes = _vehicle(uid, name, sort, special)
        return Blueprint(uid, name, attributes, "vehicle", sort, size, MASSES[sort], TAGS[sort])
    if family == "walker":
        return Blueprint(uid, name, _walker(name, sort), "walker", sort, size, MASSES[sort], PEDESTRIAN_TAG)
    room = max(size)
    label = "small" if room < 0.8 else "medium" if room < 2.0 else "big"
    attributes = (*_names(name), _constant("size", STRING, label))
    return Blueprint(uid, name, attributes, "prop", sort, size, tag=PROP_TAG)


def _vehicle(uid: int, name: str, sort: str, special: str) -> tuple[Attribute, ...]:
    first = uid % len(VEHICLE_COLOURS)
    colours = VEHICLE_COLOURS[first:] + VEHICLE_COLOURS[:first]
    two_wheeled = sort in TWO_WHEELED
    generation = (
        "2" if name.endswith(("_2020", "_2021", "sprinter", "ambulance", "crown", "firetruck")) else "1"
    )
    return (
        Attribute("role_name", STRING, "autopilot", ("autopilot", "scenario", "ego_vehicle")),
        Attribute("ros_name", STRING, name),
        Attribute("color", COLOUR, colours[0], colours),
        *((Attribute("driver_id", INT, "0", ("0", "1", "2")),) if two_wheeled else ()),
        Attribute("sticky_control", BOOL, "true"),
        Attribute("terramechanics", BOOL, "false"),
        _constant("object_type", STRING, ""),
        _constant("base_type", STRING, sort),
        _constant("special_type", STRING, special),
        _constant("number_of_wheels", INT, "2" if two_wheeled else "4"),
        _constant("generation", INT, generation),
        _constant("has_dynamic_doors", BOOL, "false"),
        _constant("has_lights", BOOL, "true"),
    )


def _walker(name: str, sort: str) -> tuple[Attribute, ...]:
    gender = "female" if int(name[-1]) % 2 else "male"
    running = "2.2" if sort == "child" else "2.8"
    return (
        Attribute("role_name", STRING, "pedestrian"),
        Attribute("ros_name", STRING, name),
        Attribute("speed", FLOAT, "0.0", ("0.0", "1.43", running)),
        Attribute("is_invincible", BOOL, "true", ("true", "false")),
        Attribute("use_wheelchair", BOOL, "false", ("true", "false")),
        _constant("gender", STRING, gender),
        _constant("generation", INT, "1"),
        _constant("age", STRING, sort),
        _constant("can_use_wheelchair", BOOL, "false"),
    )


_TICK = Attribute("sensor_tick", FLOAT, "0.0")


def _floats(**values: float) -> tuple[Attribute, ...]:
    return tuple(Attribute(name, FLOAT, str(number)) for name, number in values.items())


_CAMERA = (
    Attribute("image_size_x", INT, "800"),
    Attribute("image_size_y", INT, "600"),
    _TICK,
    *_floats(fov=90.0, lens_circle_falloff=5.0, lens_circle_multiplier=0.0, lens_k=-1.0, lens_kcube=0.0),
    *_floats(lens_x_size=0.08, lens_y_size=0.08),
)
# Accepted and without effect: this server's picture has no exposure, lens or post-processing.
_PHOTOGRAPHY = (
    Attribute("enable_postprocess_effects", BOOL, "true", ("true", "false")),
    Attribute("exposure_mode", STRING, "histogram", ("histogram", "manual")),
    *_floats(gamma=2.2, motion_blur_intensity=0.45, motion_blur_max_distortion=0.35),
    *_floats(motion_blur_min_object_screen_size=0.1, lens_flare_intensity=0.1, bloom_intensity=0.675),
    *_floats(exposure_compensation=0.0, shutter_speed=200.0, iso=100.0, fstop=1.4, min_fstop=1.2),
    *_floats(exposure_min_bright=10.0, exposure_max_bright=12.0, exposure_speed_up=3.0),
    *_floats(exposure_speed_down=1.0, calibration_constant=16.0, focal_distance=1000.0, blur_amount=1.0),
    *_floats(blur_radius=0.0, slope=0.88, toe=0.55, shoulder=0.26, black_clip=0.0, white_clip=0.04),
    *_floats(temp=6500.0, tint=0.0, chromatic_aberration_intensity=0.0, chromatic_aberration_offset=0.0),
    Attribute("blade_count", INT, "5"),
)
_SENSORS: Mapping[str, tuple[Attribute, ...]] = {
    "sensor.camera.rgb": (*_CAMERA, *_PHOTOGRAPHY),
    "sensor.camera.depth": _CAMERA,
    "sensor.camera.semantic_segmentation": _CAMERA,
    "sensor.camera.instance_segmentation": _CAMERA,
    "sensor.other.collision": (),
    "sensor.other.lane_invasion": (),
    "sensor.other.imu": (_TICK,),
    "sensor.other.gnss": (_TICK,),
}
