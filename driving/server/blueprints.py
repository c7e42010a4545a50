"""What can be spawned: ids and sizes of CARLA 0.9.16's actors, and the attributes a client may set.

Ids and sizes (blueprints.csv) are those of a running 0.9.16 server, as published by the Scenic project
(BSD-3-Clause). Generations, sorts, doors and lights are those of CARLA's catalogue; how fast walkers walk and
run was listed from a running 0.9.15 server (0052, which that has not, is as 0051). Colours, walkers' gender
and wheelchairs were not published and are our own choice.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from driving.server.attributes import BOOL, COLOUR, FLOAT, INT, STRING, Attribute, floats
from driving.server.sensor_blueprints import PLACES, SENSORS, placed

VEHICLE_COLOURS = ("160,30,30", "40,60,120", "180,180,185", "25,25,28", "230,230,230", "60,90,60")
TWO_WHEELED = ("bicycle", "motorcycle")
TAGS = {"car": 14, "van": 14, "truck": 15, "bus": 16, "motorcycle": 18, "bicycle": 19}  # CityObjectLabel
PEDESTRIAN_TAG, PROP_TAG = 12, 21
FRICTION = "static.trigger.friction"  # a box in which tyres have another friction
WALKER_AI = "controller.ai.walker"  # the client leads the walker that it is attached to
MASSES = {  # kg
    "car": 1600.0, "van": 2300.0, "truck": 7500.0, "bus": 6500.0, "motorcycle": 290.0, "bicycle": 95.0,
    "child": 30.0, "adult": 75.0,
}  # fmt: skip

Size = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Blueprint:
    """One kind of actor."""

    uid: int
    id: str
    attributes: tuple[Attribute, ...]
    kind: str  # vehicle | walker | prop | sensor | controller | trigger
    sort: str = ""  # car, van, child, ...
    size: Size = (0.0, 0.0, 0.0)  # length, width, height; m
    mass: float = math.inf  # kg; inf: nothing moves it
    tag: int = 0  # CityObjectLabel

    @property
    def is_body(self) -> bool:
        """It takes up space: a vehicle, a walker or a prop."""
        return self.kind in ("vehicle", "walker", "prop")

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
        found[row["id"]] = _body(len(found) + 1, row)
    for sensor, attributes in SENSORS.items():
        names = _names(sensor, *(PLACES if placed(sensor) else ()))
        found[sensor] = Blueprint(len(found) + 1, sensor, (*names, *attributes), "sensor")
    found[WALKER_AI] = Blueprint(len(found) + 1, WALKER_AI, _names(WALKER_AI), "controller")
    box = floats(friction=3.5, extent_x=1.0, extent_y=1.0, extent_z=1.0)  # half sizes in cm
    found[FRICTION] = Blueprint(len(found) + 1, FRICTION, (*_names(FRICTION), *box), "trigger")
    return found


def valid(blueprint: Blueprint, values: Mapping[str, str]) -> bool:
    """Whether a client's attribute values can be used."""
    return all(item.accepts(values.get(item.id, item.value)) for item in blueprint.attributes)


def _names(blueprint: str, *roles: str) -> tuple[Attribute, ...]:
    """Names that clients may change; of the roles that CARLA recommends, the first is the default."""
    first = roles[0] if roles else "default"
    return (Attribute("role_name", STRING, first, roles), Attribute("ros_name", STRING, blueprint))


def _constant(name: str, kind: int, text: str) -> Attribute:
    return Attribute(name, kind, text, modifiable=False)


def _body(uid: int, row: Mapping[str, str]) -> Blueprint:
    name, sort = row["id"], row["sort"]
    size = (float(row["length"]), float(row["width"]), float(row["height"]))
    family = name.split(".")[0]
    if family == "vehicle":
        return Blueprint(uid, name, _vehicle(uid, row), "vehicle", sort, size, MASSES[sort], TAGS[sort])
    if family == "walker":
        return Blueprint(uid, name, _walker(row), "walker", sort, size, MASSES[sort], PEDESTRIAN_TAG)
    room = max(size)
    label = "small" if room < 0.8 else "medium" if room < 2.0 else "big"
    attributes = (*_names(name, "prop"), _constant("size", STRING, label))
    return Blueprint(uid, name, attributes, "prop", sort, size, tag=PROP_TAG)


def _vehicle(uid: int, row: Mapping[str, str]) -> tuple[Attribute, ...]:
    first = uid % len(VEHICLE_COLOURS)
    colours = VEHICLE_COLOURS[first:] + VEHICLE_COLOURS[:first]
    two_wheeled = row["sort"] in TWO_WHEELED
    return (
        *_names(row["id"], "autopilot", "scenario", "ego_vehicle"),
        Attribute("color", COLOUR, colours[0], colours),
        *((Attribute("driver_id", INT, "0", ("0", "1", "2")),) if two_wheeled else ()),
        Attribute("sticky_control", BOOL, "true"),
        Attribute("terramechanics", BOOL, "false"),
        _constant("object_type", STRING, ""),
        _constant("base_type", STRING, row["sort"]),
        _constant("special_type", STRING, row["special"]),
        _constant("number_of_wheels", INT, "2" if two_wheeled else "4"),
        _constant("generation", INT, row["generation"]),
        _constant("has_dynamic_doors", BOOL, "true" if row["doors"] else "false"),
        _constant("has_lights", BOOL, "true" if row["lights"] else "false"),
    )


def _walker(row: Mapping[str, str]) -> tuple[Attribute, ...]:
    name = row["id"]
    gender = "female" if int(name[-1]) % 2 else "male"
    return (
        *_names(name, "pedestrian"),
        Attribute("speed", FLOAT, "0.0", ("0.0", row["walk"], row["run"])),
        Attribute("is_invincible", BOOL, "true"),
        Attribute("use_wheelchair", BOOL, "false"),
        _constant("gender", STRING, gender),
        _constant("generation", INT, row["generation"]),
        _constant("age", STRING, row["sort"]),
        _constant("can_use_wheelchair", BOOL, "false"),
    )
