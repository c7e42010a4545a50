"""Rays, boxes and names of what stands, as the official client asks for them on the straight street.

Along +x the street has a lane from y = 0 to 3.5, parking to 6.3 and a pavement, 0.12 m high, to 9.3.
"""

from __future__ import annotations

import math
import time

import pytest
from ticking import synchronous

carla = pytest.importorskip("carla")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded")]


@pytest.fixture(scope="module")
def world(client_of, serve):
    client = client_of("127.0.0.1", serve("straight"), timeout=60.0)
    return synchronous(client.get_world(), delta=0.05)


@pytest.fixture
def car(world):
    blueprint = world.get_blueprint_library().find("vehicle.lincoln.mkz_2017")
    car = world.spawn_actor(blueprint, carla.Transform(carla.Location(100.0, 1.75, 0.0)))
    for _ in range(3):
        world.tick()
    yield car
    car.destroy()


def close(point, x, y, z):
    return math.dist((point.location.x, point.location.y, point.location.z), (x, y, z)) < 1e-3


def test_straight_down_is_the_road_or_the_pavement(world):
    road = world.ground_projection(carla.Location(50.0, 1.75, 5.0), 10.0)
    assert road.label == carla.CityObjectLabel.Roads
    assert close(road, 50.0, 1.75, 0.0)
    pavement = world.ground_projection(carla.Location(50.0, 8.0, 5.0), 10.0)
    assert pavement.label == carla.CityObjectLabel.Sidewalks
    assert close(pavement, 50.0, 8.0, 0.12)
    assert world.ground_projection(carla.Location(50.0, 1.75, 5.0), 4.0) is None


def test_a_slanting_look_meets_the_ground_where_it_should(world):
    direction = carla.Vector3D(1.0, 0.0, -1.0)  # its length does not matter
    point = world.project_point(carla.Location(50.0, 1.75, 3.0), direction, 20.0)
    assert close(point, 53.0, 1.75, 0.0)


def test_a_ray_through_a_car_meets_its_body_and_then_the_road_behind_it(world, car):
    start, end = carla.Location(90.0, 1.75, 0.8), carla.Location(110.0, 1.75, -0.4)  # ground at 90 + 20 / 1.5
    hits = world.cast_ray(start, end)
    assert [hit.label for hit in hits] == [carla.CityObjectLabel.Car, carla.CityObjectLabel.Roads]
    bumper = 100.0 - car.bounding_box.extent.x
    assert bumper - 0.05 < hits[0].location.x < bumper + 0.4  # it is round, with a number plate
    assert close(hits[1], 90.0 + 20.0 / 1.5, 1.75, 0.0)
    car.set_collisions(False)
    world.tick()
    assert [hit.label for hit in world.cast_ray(start, end)] == [carla.CityObjectLabel.Roads]
    assert world.cast_ray(carla.Location(90.0, 1.75, 5.0), carla.Location(95.0, 1.75, 5.0)) == []


def test_a_ray_passes_between_a_cars_wheels_where_its_box_would_stop_it(world, car):
    hits = world.cast_ray(carla.Location(90.0, 1.75, 0.09), carla.Location(112.0, 1.75, 0.09))
    assert hits == []


def test_what_lies_in_layers_below_a_ray_is_met_once_and_a_dash_as_paint(world):
    hits = [world.cast_ray(carla.Location(x, 0.0, 5.0), carla.Location(x, 0.0, -5.0)) for x in range(45, 55)]
    assert {len(found) for found in hits} == {1}
    labels = {found[0].label for found in hits}
    assert labels == {carla.CityObjectLabel.Roads, carla.CityObjectLabel.RoadLines}


def test_houses_lamps_and_trees_are_environment_objects_behind_the_pavements(world):
    houses = world.get_environment_objects(carla.CityObjectLabel.Buildings)
    boxes = world.get_level_bbs(carla.CityObjectLabel.Buildings)
    assert len(houses) == len(boxes) > 10
    for house, box in zip(houses, boxes, strict=True):
        assert house.bounding_box.location == box.location
        assert abs(box.location.y) - box.extent.y > 9.0  # none on the street
        assert house.transform.location.z < 0.0 < box.extent.z
    names = world.get_names_of_all_objects()
    assert {house.name for house in houses} <= set(names)
    assert len(world.get_environment_objects(carla.CityObjectLabel.Any)) == len(names) == len(set(names))
    assert world.get_environment_objects(carla.CityObjectLabel.Poles)
    assert world.get_environment_objects(carla.CityObjectLabel.Vegetation)


def test_a_house_that_is_taken_away_is_not_met_until_it_is_put_back(world):
    house = world.get_environment_objects(carla.CityObjectLabel.Buildings)[0]
    centre = house.bounding_box.location
    above, below = carla.Location(centre.x, centre.y, 60.0), carla.Location(centre.x, centre.y, 1.0)
    for shown in (True, False, True):
        world.enable_environment_objects({house.id}, shown)
        labels = [hit.label for hit in world.cast_ray(above, below)]
        assert labels == ([carla.CityObjectLabel.Buildings] if shown else [])


def first_boxes(world, labels):
    """The box of the first thing of each class."""
    return {label: world.get_environment_objects(label)[0].bounding_box for label in labels}


def met_above(world, box):
    """What a ray from above meets at a thing's box."""
    top = carla.Location(box.location.x, box.location.y, 60.0)
    return [hit.label for hit in world.cast_ray(top, box.location)]


def test_a_map_layer_takes_all_of_its_class_away_and_brings_it_back(world):
    kinds = {
        carla.MapLayer.Buildings: carla.CityObjectLabel.Buildings,
        carla.MapLayer.Foliage: carla.CityObjectLabel.Vegetation,
        carla.MapLayer.StreetLights: carla.CityObjectLabel.Poles,
    }
    boxes = first_boxes(world, kinds.values())
    for layer, label in kinds.items():
        world.unload_map_layer(layer)
        assert [kind for kind, box in boxes.items() if not met_above(world, box)] == [label]
        world.load_map_layer(layer)
    world.unload_map_layer(carla.MapLayer.All)
    assert not any(met_above(world, box) for box in boxes.values())
    world.load_map_layer(carla.MapLayer(0x85))  # all three
    assert all(met_above(world, box) for box in boxes.values())
    world.unload_map_layer(carla.MapLayer.Walls)  # there are none: nothing happens
    assert all(met_above(world, box) for box in boxes.values())


def test_a_map_is_loaded_with_the_layers_that_are_asked_for(client_of, serve):
    client = client_of("127.0.0.1", serve("straight"), timeout=60.0)
    name = client.get_world().get_map().name.rsplit("/", 1)[-1]
    house, tree = carla.CityObjectLabel.Buildings, carla.CityObjectLabel.Vegetation
    boxes = first_boxes(client.get_world(), (house, tree))
    world = client.load_world(name, map_layers=carla.MapLayer.Foliage)
    assert met_above(world, boxes[tree])
    assert not met_above(world, boxes[house])
    assert met_above(client.load_world(name), boxes[house])


def test_what_is_not_shown_has_no_box_and_what_is_not_loaded_is_no_object(world):
    label = carla.CityObjectLabel.Buildings
    houses = world.get_environment_objects(label)
    world.enable_environment_objects({houses[0].id}, False)
    assert len(world.get_level_bbs(label)) == len(houses) - 1
    assert len(world.get_environment_objects(label)) == len(houses)  # it is switched off, and still there
    world.unload_map_layer(carla.MapLayer.Buildings)
    assert not world.get_level_bbs(label)
    assert not world.get_environment_objects(label)
    world.enable_environment_objects({houses[1].id}, True)  # what is not loaded cannot be shown
    assert not world.get_level_bbs(label)
    world.load_map_layer(carla.MapLayer.Buildings)
    assert len(world.get_level_bbs(label)) == len(world.get_environment_objects(label)) == len(houses)


def test_level_boxes_hold_actors_of_the_class_too(world, car):
    (box,) = world.get_level_bbs(carla.CityObjectLabel.Car)
    assert box.location.distance(car.get_location()) == pytest.approx(box.extent.z, abs=1e-3)
    assert box.extent == car.bounding_box.extent


def test_a_car_that_runs_into_a_tree_has_hit_static_vegetation(world, car):
    """A car without an engine's help stops there: 1.1 m v along its nose, against it."""
    trees = world.get_environment_objects(carla.CityObjectLabel.Vegetation)
    tree = next(
        each for each in trees if 60.0 < each.transform.location.x < 120.0 and each.transform.location.y > 0
    )
    blueprint = world.get_blueprint_library().find("sensor.other.collision")
    sensor = world.spawn_actor(blueprint, carla.Transform(), attach_to=car)
    idle = world.spawn_actor(blueprint, carla.Transform())
    events = []
    sensor.listen(events.append)
    idle.listen(events.append)
    place = carla.Location(tree.transform.location.x, 2.0, 0.0)
    car.set_transform(carla.Transform(place, carla.Rotation(yaw=90.0)))
    car.set_target_velocity(carla.Vector3D(0.0, 10.0, 0.0))
    for _ in range(10):
        world.tick()
    deadline = time.monotonic() + 10.0
    while not events and time.monotonic() < deadline:
        world.tick()
    sensor.destroy()
    idle.destroy()
    (event, *_) = events
    assert (event.actor.id, event.other_actor.id, event.other_actor.type_id) == (
        car.id,
        0,
        "static.vegetation",
    )
    assert event.other_actor.semantic_tags == [9]
    assert event.normal_impulse.y == pytest.approx(-1.1 * 1600.0 * 10.0, rel=0.1)
    assert abs(event.normal_impulse.x) < 1.0
    assert len(events) <= 2
