"""The library against CARLA 0.9.16's: how many of each, sizes to the centimetre, values that are refused."""

from __future__ import annotations

from collections import Counter

import pytest

from driving.server.blueprints import library, valid
from driving.server.errors import WorldError
from driving.server.world import World
from scenarios.roads import straight_road

SIZES = {  # length, width, height in m, of a running 0.9.16 server (Scenic project)
    "vehicle.audi.a2": (3.705, 1.789, 1.549),
    "vehicle.mercedes.coupe_2020": (4.674, 1.812, 1.442),
}
TRAITS = (("generation", "2"), ("has_dynamic_doors", "true"), ("has_lights", "true"))
POSE = ((20.0, 1.75, 1.0), (0.0, 0.0, 0.0))


@pytest.fixture(scope="module")
def world():
    return World({"straight": straight_road()}, "straight")


def test_there_are_as_many_of_each_as_on_the_real_server():
    kinds = Counter(blueprint.kind for blueprint in library().values())
    assert (kinds["vehicle"], kinds["walker"], kinds["prop"]) == (41, 52, 98)
    sorts = Counter(blueprint.sort for blueprint in library().values())
    expected = {"car": 25, "van": 4, "truck": 4, "bus": 1, "motorcycle": 4, "bicycle": 3, "child": 8}
    assert {name: sorts[name] for name in expected} == expected


@pytest.mark.parametrize("name", SIZES)
def test_sizes_are_the_real_ones(name):
    assert library()[name].size == pytest.approx(SIZES[name], abs=0.01)


def attribute(name, wanted):
    return next(each for each in library()[name].attributes if each.id == wanted)


def test_walkers_have_carlas_generations_and_paces():
    generations = Counter(
        attribute(name, "generation").value for name, each in library().items() if each.kind == "walker"
    )
    assert generations == {"1": 14, "2": 35, "3": 3}  # generate_traffic.py asks for the second
    assert attribute("walker.pedestrian.0014", "generation").value == "1"
    assert attribute("walker.pedestrian.0015", "generation").value == "2"
    assert attribute("walker.pedestrian.0049", "generation").value == "2"
    assert attribute("walker.pedestrian.0001", "speed").recommended == ("0.0", "1.8", "4.0")
    assert attribute("walker.pedestrian.0011", "speed").recommended == ("0.0", "1.1", "2.0")


def test_vehicles_are_as_in_carlas_catalogue():
    def those(name, value):
        return {each for each in library() if each[:8] == "vehicle." and attribute(each, name).value == value}

    second, doors, lights = (those(*each) for each in TRAITS)
    bus, truck, pickup = (
        f"vehicle.{name}" for name in ("mitsubishi.fusorosa", "carlamotors.european_hgv", "tesla.cybertruck")
    )
    assert len(second) == 14
    assert second - doors == {bus, truck, pickup}
    assert second - lights == {truck, pickup}
    assert doors | lights < second
    assert "vehicle.tesla.model3" not in second
    assert "vehicle.toyota.prius" in those("special_type", "electric")


def test_children_are_smaller_than_every_adult():
    heights = {
        sort: [each.size[2] for each in library().values() if each.sort == sort]
        for sort in ("child", "adult")
    }
    assert max(heights["child"]) < min(heights["adult"])


def test_defaults_are_valid_and_numbers_that_are_none_are_not():
    for blueprint in library().values():
        assert valid(blueprint, {})
    camera = library()["sensor.camera.rgb"]
    for name, text in (("image_size_x", "abc"), ("fov", "nan"), ("image_size_y", "0"), ("fov", "180")):
        assert not valid(camera, {name: text}), (name, text)
    assert not valid(library()["vehicle.audi.a2"], {"color": "1,2"})


def test_what_a_client_may_change_has_recommended_values_with_the_default_first():
    for blueprint in library().values():
        for each in blueprint.attributes:
            assert (each.recommended[:1] == (each.value,)) if each.modifiable else not each.recommended


def test_roles_are_carlas():
    def roles(name):
        return attribute(name, "role_name").recommended

    for name in ("camera.depth", "camera.dvs", "lidar.ray_cast", "other.collision", "other.obstacle"):
        assert roles(f"sensor.{name}")[:3] == ("front", "back", "left"), name
    for name in ("sensor.other.gnss", "sensor.other.imu", "sensor.other.radar", "controller.ai.walker"):
        assert roles(name) == ("default",), name
    assert roles("static.prop.bin") == ("prop",)
    assert roles("walker.pedestrian.0001") == ("pedestrian",)
    assert roles("vehicle.audi.a2") == ("autopilot", "scenario", "ego_vehicle")


@pytest.mark.parametrize(
    ("name", "values"), [("vehicle.no.such", {}), ("sensor.camera.rgb", {"fov": "wide"})]
)
def test_what_cannot_be_made_is_refused_in_the_real_servers_words(world, name, values):
    with pytest.raises(WorldError, match=r"^Spawn failed because of invalid actor description$"):
        world.spawn(name, values, POSE)


def test_what_is_taken_is_refused_in_the_real_servers_words(world):
    world.spawn("vehicle.audi.a2", {}, POSE)
    with pytest.raises(WorldError, match=r"^Spawn failed because of collision at spawn position$"):
        world.spawn("vehicle.audi.a2", {}, POSE)
    with pytest.raises(WorldError, match=r"^unable to attach actor: parent actor not found$"):
        world.spawn("sensor.camera.rgb", {}, POSE, parent=999)
