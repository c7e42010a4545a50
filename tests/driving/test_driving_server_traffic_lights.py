"""Traffic lights through the official client, on the smallest crossing."""

from __future__ import annotations

import os
import queue

import pytest
from crossing import CROSSING
from ticking import synchronous
from traffic import traffic_manager

carla = pytest.importorskip("carla")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded")]
RED, YELLOW, GREEN = (
    carla.TrafficLightState.Red,
    carla.TrafficLightState.Yellow,
    carla.TrafficLightState.Green,
)
DELTA = 0.05


@pytest.fixture(scope="module")
def client(client_of, serve, tmp_path_factory):
    path = tmp_path_factory.mktemp("maps") / "crossing.xodr"
    path.write_text(CROSSING)
    return client_of("127.0.0.1", serve(str(path)), timeout=60.0)


@pytest.fixture
def world(client):
    world = synchronous(client.get_world(), delta=DELTA)
    world.freeze_all_traffic_lights(False)
    for light in world.get_actors().filter("traffic.traffic_light"):
        light.set_green_time(10.0)
        light.set_yellow_time(3.0)
        light.set_red_time(2.0)
    world.reset_all_traffic_lights()
    world.tick()
    return world


@pytest.fixture
def lights(world):
    return [world.get_traffic_light_from_opendrive_id(name) for name in ("7", "8")]


@pytest.fixture
def car(world):
    blueprint = world.get_blueprint_library().find("vehicle.lincoln.mkz_2017")
    car = world.spawn_actor(blueprint, carla.Transform(carla.Location(60.0, 1.75, 0.0)))
    world.tick()
    yield car
    car.destroy()
    world.tick()


def run(world, seconds):
    for _ in range(round(seconds / DELTA)):
        world.tick()


def states(lights):
    return [light.state for light in lights]


def test_lights_and_signs_stand_where_the_map_says_turned_as_carla_turns_them(world, lights):
    first, _ = lights
    assert sorted(actor.type_id for actor in world.get_actors().filter("traffic.*")) == [
        "traffic.stop", "traffic.traffic_light", "traffic.traffic_light",
    ]  # fmt: skip
    pose = first.get_transform()
    assert (pose.location.x, pose.location.y) == pytest.approx((100.0, 5.0))
    assert pose.rotation.yaw == pytest.approx(90.0)
    # 6 m of the lane's middle 90 % before x = 100: centre (97, 1.75), which is 3.25 m along -x of the light
    assert (first.trigger_volume.location.x, first.trigger_volume.location.y) == pytest.approx((-3.25, 3.0))
    assert (first.trigger_volume.extent.x, first.trigger_volume.extent.y) == pytest.approx((1.575, 3.0))
    middle = pose.transform(first.trigger_volume.location)
    assert (middle.x, middle.y) == pytest.approx((97.0, 1.75), abs=1e-3)


def test_the_client_finds_lights_by_landmark_and_junction(world, lights):
    road_map = world.get_map()
    found = {landmark.id: world.get_traffic_light(landmark) for landmark in road_map.get_all_landmarks()}
    assert {found["7"].id, found["8"].id} == {light.id for light in lights}
    junction = road_map.get_waypoint(carla.Location(110.0, 1.75, 0.0)).get_junction()
    assert {light.id for light in world.get_traffic_lights_in_junction(junction.id)} == set(
        light.id for light in lights
    )
    (sign,) = world.get_actors().filter("traffic.stop")
    assert world.get_traffic_sign(road_map.get_all_landmarks_from_id("9")[0]).id == sign.id


def test_lights_take_turns_green_ten_yellow_three_all_red_two_seconds(world, lights):
    assert states(lights) == [GREEN, RED]
    run(world, 9.9)
    assert states(lights) == [GREEN, RED]
    assert lights[0].get_elapsed_time() == pytest.approx(9.95, abs=0.01)
    run(world, 0.05)
    assert states(lights) == [YELLOW, RED]
    run(world, 3.0)
    assert states(lights) == [RED, RED]
    run(world, 2.0)
    assert states(lights) == [RED, GREEN]
    run(world, 15.0)
    assert states(lights) == [GREEN, RED]


def test_times_that_a_client_sets_are_kept_and_shown(world, lights):
    first, second = lights
    first.set_green_time(1.0)
    first.set_yellow_time(0.5)
    second.set_red_time(4.0)
    run(world, 0.1)
    assert (first.get_green_time(), first.get_yellow_time(), second.get_red_time()) == (1.0, 0.5, 4.0)
    run(world, 0.9)
    assert states(lights) == [YELLOW, RED]
    run(world, 0.5)
    assert states(lights) == [RED, RED]


def test_a_state_that_a_client_sets_lasts_until_the_lights_own_turn_changes_it(world, lights):
    first, second = lights
    second.set_state(GREEN)
    world.tick()
    assert states(lights) == [GREEN, GREEN]
    first.set_state(RED)
    world.tick()
    assert states(lights) == [RED, GREEN]
    run(world, 10.0)
    assert states(lights) == [YELLOW, GREEN]


def test_frozen_lights_stay_as_they_are(world, lights):
    lights[0].freeze(True)
    run(world, 20.0)
    assert states(lights) == [GREEN, RED]
    assert all(light.is_frozen() for light in lights)
    lights[0].freeze(False)
    run(world, 10.0)
    assert states(lights) == [YELLOW, RED]


def test_a_crossing_can_begin_anew_and_knows_its_lights(world, lights):
    first, second = lights
    run(world, 12.0)
    second.reset_group()
    world.tick()
    assert states(lights) == [GREEN, RED]
    assert {light.id for light in first.get_group_traffic_lights()} == {first.id, second.id}
    (head,) = first.get_light_boxes()
    assert head.location.z == pytest.approx(4.3)


def test_a_car_knows_its_light_while_it_is_before_the_line_and_faces_it(world, lights, car):
    lights[0].freeze(True)
    for x, yaw, there in (
        (60, 0, False),
        (92.0, 0, True),
        (98.0, 0, True),
        (98.0, 180, False),
        (108.0, 0, False),
    ):
        car.set_transform(carla.Transform(carla.Location(x, 1.75, 0.0), carla.Rotation(yaw=yaw)))
        world.tick()
        world.tick()
        assert car.is_at_traffic_light() == there
        assert (car.get_traffic_light().id if there else car.get_traffic_light()) == (
            lights[0].id if there else None
        )
    car.set_transform(carla.Transform(carla.Location(92.0, 1.75, 0.0)))
    for state in (RED, YELLOW, GREEN):
        lights[0].set_state(state)
        world.tick()
        assert car.get_traffic_light_state() == state


@pytest.mark.skipif("CARLA_TOWN" not in os.environ, reason="set CARLA_TOWN to an OpenDRIVE file of Town01")
def test_the_traffic_manager_waits_at_red_and_goes_at_green(client_of, serve):
    client = client_of("127.0.0.1", serve(os.environ["CARLA_TOWN"]), timeout=60.0)
    world = synchronous(client.get_world(), delta=DELTA)
    light = world.get_actors().filter("traffic.traffic_light")[0]
    light.freeze(True)
    light.set_state(RED)
    line = light.get_stop_waypoints()[0]
    start = line.previous(30.0)[0].transform
    start.location.z += 0.1
    car = world.spawn_actor(world.get_blueprint_library().find("vehicle.lincoln.mkz_2017"), start)
    with traffic_manager(client, synchronous=True) as (_, port):
        car.set_autopilot(True, port)
        run(world, 15.0)
        assert car.get_traffic_light().id == light.id
        assert car.get_velocity().length() < 0.1
        beyond = (car.get_location() - line.transform.location).dot(line.transform.get_forward_vector())
        assert -6.0 < beyond + car.bounding_box.extent.x < 3.0
        light.set_state(GREEN)
        run(world, 6.0)
        assert not car.is_at_traffic_light()
        assert car.get_location().distance(line.transform.location) > 8.0


def test_the_levels_boxes_and_objects_have_heads_plates_and_posts(world, lights):
    label = carla.CityObjectLabel
    boxes = world.get_level_bbs(label.TrafficLight)
    heads = [light.get_light_boxes()[0] for light in lights]
    assert len(boxes) == len(heads) == 2
    for box, head in zip(boxes, heads, strict=True):
        assert box.location.distance(head.location) < 1e-3
        assert box.extent.distance(head.extent) < 1e-3
    (sign,) = world.get_actors().filter("traffic.stop")
    (plate,) = world.get_level_bbs(label.TrafficSigns)
    assert plate.location.distance_2d(sign.get_location()) < 0.2
    assert 0.3 < plate.extent.z < 0.5
    posts = world.get_level_bbs(label.Poles)
    assert sorted(round(box.location.x) for box in posts) == [100, 120, 200]
    for kind, count in ((label.TrafficLight, 2), (label.TrafficSigns, 1), (label.Poles, 3)):
        found = world.get_environment_objects(kind)
        assert [thing.type for thing in found] == [kind] * count
        assert len({thing.name for thing in found}) == count


def test_an_obstacle_detector_tells_which_light_is_in_its_way(world, lights):
    head = lights[0].get_light_boxes()[0].location
    blueprint = world.get_blueprint_library().find("sensor.other.obstacle")
    place = carla.Transform(carla.Location(head.x - 3.0, head.y, head.z))
    sensor = world.spawn_actor(blueprint, place)
    events = queue.Queue()
    sensor.listen(events.put)
    world.tick()
    event = events.get(timeout=10.0)
    sensor.destroy()
    assert event.other_actor.id == lights[0].id
    assert event.distance == pytest.approx(
        3.0 - 0.5, abs=0.05
    )  # the ball's radius; the lamp is in the middle


def test_lights_stay_with_every_map_layer_and_go_one_by_one(world, lights):
    head = lights[0].get_light_boxes()[0].location
    aside = carla.Location(1.0, 0.0, 0.0)
    world.unload_map_layer(carla.MapLayer.All)
    labels = [[hit.label for hit in world.cast_ray(head - aside, head + aside)]]
    nearest = min(
        world.get_environment_objects(carla.CityObjectLabel.TrafficLight),
        key=lambda thing: thing.bounding_box.location.distance(head),
    )
    for shown in (False, True):
        world.enable_environment_objects({nearest.id}, shown)
        labels.append([hit.label for hit in world.cast_ray(head - aside, head + aside)])
    world.load_map_layer(carla.MapLayer.All)
    there = [carla.CityObjectLabel.TrafficLight]
    assert labels == [there, [], there]


def test_lights_cannot_be_destroyed(world, lights):
    assert not lights[0].destroy()
    world.tick()
    assert world.get_actor(lights[0].id).is_alive
