"""The server's world through the functions that calls use."""

from __future__ import annotations

import math

import numpy as np
import pytest
from crossing import CROSSING
from ticking import waiting_world

from driving.server import commands, handling
from driving.server.blueprints import library
from driving.server.errors import MapError, WorldError
from driving.server.instruments import inertial, satellite, shaken
from driving.server.publish import next_due
from driving.server.settings import Settings
from driving.server.world import World
from scenarios.roads import straight_road

CAR, CHILD = "vehicle.lincoln.mkz_2017", "walker.pedestrian.0011"
FORWARD = (0.0, 0.0, 0.0)
DRIVE = (0.7, 0.0, 0.0, False, False, False, 0)


@pytest.fixture
def world():
    return World({"straight": straight_road()}, "straight")


def spawn(world, blueprint, x, y=1.75, z=0.0, yaw=0.0, **options):
    return world.spawn(blueprint, {}, ((x, y, z), (0.0, yaw, 0.0)), **options)


def test_the_library_has_the_ids_and_sizes_of_0_9_16():
    kinds = [blueprint.kind for blueprint in library().values()]
    assert {kind: kinds.count(kind) for kind in ("vehicle", "walker", "prop")} == {
        "vehicle": 41, "walker": 52, "prop": 98,
    }  # fmt: skip
    assert library()["vehicle.tesla.model3"].size == (4.792, 2.163, 1.488)
    children = {name for name, blueprint in library().items() if blueprint.sort == "child"}
    assert children == {f"walker.pedestrian.{n:04d}" for n in (9, 10, 11, 12, 13, 14, 48, 49)}


def test_a_tick_moves_frame_time_and_cars(world):
    car = spawn(world, CAR, 20.0)
    commands.drive(world, car.id, DRIVE)
    frame = world.frame
    world.change_settings(Settings(synchronous=True, fixed_delta=0.1))
    for _ in range(10):
        world.tick()
    assert (world.frame, world.elapsed) == (frame + 10, pytest.approx(1.0))
    assert world.body(car.id)["x"] > 20.5


def test_spawning_onto_somebody_fails_in_the_real_servers_words(world):
    spawn(world, CAR, 20.0)
    count = len(world.actors)
    with pytest.raises(WorldError, match=r"^Spawn failed because of collision at spawn position$"):
        spawn(world, CHILD, 22.0, z=1.0)
    assert len(world.actors) == count == len(world.table.rows)


CAMERA, LIDAR = "sensor.camera.rgb", "sensor.lidar.ray_cast"
NONSENSE = [
    ("vehicle.trabant.601", {}),
    (CAMERA, {"image_size_x": "abc"}),
    (CAMERA, {"image_size_y": "99999"}),
    (CAMERA, {"fov": "0"}),
    (CAR, {"color": "red"}),
    (LIDAR, {"channels": "0"}),
    (LIDAR, {"range": "nan"}),
]


@pytest.mark.parametrize(("blueprint", "values"), NONSENSE)
def test_what_the_library_does_not_allow_cannot_be_spawned(world, blueprint, values):
    with pytest.raises(WorldError, match=r"^Spawn failed because of invalid actor description$"):
        world.spawn(blueprint, values, (FORWARD, FORWARD))


def test_destroying_a_vehicle_takes_its_sensors_along_and_keeps_the_others_rows(world):
    first, second = spawn(world, CAR, 20.0), spawn(world, CAR, 40.0)
    camera = spawn(world, "sensor.camera.rgb", 1.0, 0.0, 2.0, parent=first.id)
    other = spawn(world, "sensor.camera.rgb", 1.0, 0.0, 2.0, parent=second.id)
    gone = world.destroy(first.id)
    assert {actor.id for actor in gone} == {first.id, camera.id}
    world.tick()
    assert world.body(second.id)["x"] == 40.0
    assert world.body(other.id)["x"] == 41.0
    with pytest.raises(WorldError, match="actor not found"):
        world.body(first.id)


def test_the_spectator_stays(world):
    with pytest.raises(WorldError, match="spectator"):
        world.destroy(world.spectator.id)


def test_a_teleport_keeps_the_velocity_and_rests_the_pedals(world):
    car = spawn(world, CAR, 20.0)
    handling.set_velocity(world, car.id, (5.0, 0.0, 0.0))
    commands.drive(world, car.id, DRIVE)
    world.tick()
    speed = float(world.body(car.id)["vx"])
    handling.teleport(world, car.id, (100.0, 1.75, 0.0), FORWARD)
    body = world.body(car.id)
    assert (body["x"], body["vx"], body["engine"]) == (100.0, speed, 0.0)


def test_a_set_velocity_acts_at_once(world):
    car, child = spawn(world, CAR, 20.0), spawn(world, CHILD, 40.0, z=1.0)
    for actor in (car, child):
        handling.set_velocity(world, actor.id, (8.0, 0.0, 0.0))
    assert world.body(car.id)["vx"] == world.body(child.id)["vx"] == 8.0
    world.tick()
    assert world.body(car.id)["x"] == pytest.approx(20.4, abs=0.05)


def test_without_physics_an_actor_stays_and_can_still_be_moved(world):
    child = spawn(world, CHILD, 40.0, z=1.0)
    handling.set_simulated(world, child.id, on=False)
    commands.walk(world, child.id, (0.0, 1.0, 0.0), 2.0)
    world.tick()
    assert (world.body(child.id)["x"], world.body(child.id)["z"]) == (40.0, 1.0)
    handling.teleport(world, child.id, (50.0, 3.0, 0.55))
    world.tick()
    assert (world.body(child.id)["x"], world.body(child.id)["y"]) == (50.0, 3.0)


@pytest.mark.parametrize("invincible", ["true", "false"])
def test_a_child_is_hit_invincible_or_not_and_the_hit_is_reported_once(world, invincible):
    car = spawn(world, CAR, 20.0)
    child = world.spawn(CHILD, {"is_invincible": invincible}, ((24.0, 1.75, 0.55), FORWARD))
    handling.set_velocity(world, car.id, (14.0, 0.0, 0.0))
    commands.drive(world, car.id, (0.0, 0.0, 1.0, False, False, False, 0))
    seen = []
    for _ in range(40):
        world.tick()
        seen += world.collisions
    assert (seen[0].actor, seen[0].other) == (car.id, child.id)
    assert seen[0].impulse[0] > 300.0
    assert len(seen) == 1


def test_a_child_that_was_knocked_down_walks_again_after_a_teleport(world):
    child = spawn(world, CHILD, 40.0, z=0.55)
    world.body(child.id)["fallen"] = 1.0
    commands.walk(world, child.id, (1.0, 0.0, 0.0), 1.0)
    for _ in range(10):
        world.tick()
    assert world.body(child.id)["x"] == 40.0
    handling.teleport(world, child.id, (40.0, 1.75, 0.55))
    for _ in range(10):
        world.tick()
    assert world.body(child.id)["x"] > 40.2


def test_an_attached_sensor_rides_along_and_turns_with_its_parent(world):
    car = spawn(world, CAR, 20.0, yaw=90.0)
    camera = spawn(world, "sensor.camera.rgb", 2.0, 0.5, 1.5, yaw=10.0, parent=car.id)
    body = world.body(camera.id)
    place = [float(body[name]) for name in ("x", "y", "z", "yaw")]
    assert place == pytest.approx([19.5, 3.75, 1.5, 100.0])


def test_loading_starts_an_empty_episode_and_keeps_counting_frames(world):
    spawn(world, CAR, 20.0)
    frame, episode = world.frame, world.episode
    world.load("")
    assert list(world.actors.values()) == [world.spectator]
    assert (world.frame, world.episode, world.elapsed) == (frame + 1, episode + 1, 0.0)
    with pytest.raises(WorldError, match="Map 'Town99' not found; this server has straight"):
        world.load("/Game/Carla/Maps/Town99")
    for name in ("straight_Opt", "straight"):
        world.load(name)
        assert world.map.name == name
    towns = World({"Town10HD_Opt": straight_road()}, "Town10HD")
    assert towns.map.name == "Town10HD"
    with pytest.raises(MapError):
        world.atlas.add("x", "no map")


def test_a_held_velocity_is_kept_until_it_is_released(world):
    car = spawn(world, CAR, 20.0)
    handling.hold_velocity(world, car.id, (6.0, 0.0, 0.0))
    for _ in range(10):
        world.tick()
    assert world.body(car.id)["vx"] == pytest.approx(6.0)
    handling.hold_velocity(world, car.id, None)
    commands.drive(world, car.id, (0.0, 0.0, 1.0, False, False, False, 0))
    for _ in range(30):
        world.tick()
    assert world.body(car.id)["vx"] == 0.0


def test_a_control_that_does_not_stick_lasts_one_tick():
    world = waiting_world(delta=0.05)
    loose, sticky = (
        world.spawn(CAR, {"sticky_control": sticks}, ((x, 1.75, 0.0), (0.0, 0.0, 0.0)))
        for x, sticks in ((20.0, "false"), (40.0, "true"))
    )
    gas = (1.0, 0.2, 0.0, False, False, False, 0)
    pressed = []
    for tick in range(5):
        for car in (loose, sticky):
            if tick in (0, 1, 3):
                commands.drive(world, car.id, gas)
        world.tick()
        pressed.append((float(world.body(loose.id)["throttle"]), loose.control[0]))
        assert sticky.control[:2] == gas[:2]
    assert pressed == [(1.0, 1.0), (1.0, 1.0), (0.0, 0.0), (1.0, 1.0), (0.0, 0.0)]
    assert not world.passing
    world.destroy(loose.id)
    world.tick()


def test_controls_for_the_wrong_kind_of_actor_are_refused(world):
    child = spawn(world, CHILD, 40.0, z=1.0)
    with pytest.raises(WorldError, match="is not a vehicle"):
        commands.drive(world, child.id, DRIVE)


def test_an_imu_at_rest_feels_gravity_and_a_car_facing_east_has_compass_ninety_degrees(world):
    car = spawn(world, CAR, 20.0)
    world.tick()
    felt, turn, compass = inertial(world.body(car.id))
    assert felt == pytest.approx([0.0, 0.0, 9.81])
    assert turn == pytest.approx([0.0, 0.0, 0.0])
    assert compass == pytest.approx(math.pi / 2)


def test_a_position_is_what_the_official_map_makes_of_it(world):
    carla = pytest.importorskip("carla")
    beacon = spawn(world, "sensor.other.gnss", 5000.0, -1113.2, z=3.0)
    official = carla.Map("straight", straight_road()).transform_to_geolocation(
        carla.Location(5000.0, -1113.2, 3.0)
    )
    place = satellite(world.body(beacon.id), world.map.origin)
    assert place == pytest.approx([official.latitude, official.longitude, official.altitude], abs=1e-9)


def test_noise_has_its_bias_and_spread_and_repeats_with_its_seed():
    draw = [shaken([9.0], [0.5], [2.0], np.random.default_rng(7))[0] for _ in range(2)]
    assert draw[0] == draw[1]
    rng = np.random.default_rng(7)
    many = [shaken([9.0], [0.5], [2.0], rng)[0] for _ in range(2000)]
    assert np.mean(many) == pytest.approx(11.0, abs=0.056)  # five standard errors
    assert np.std(many) == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize(("period", "every"), [(0.0, 1), (0.05, 1), (0.1, 2), (0.15, 3)])
def test_a_sensor_keeps_its_period_whenever_it_is_first_listened_to(period, every):
    elapsed = np.cumsum(np.full(2000, 0.05))  # as a world sums its ticks: not exactly multiples
    for first in range(7, 1990, 7):  # in a world older than any period
        due, spoke = 0.0, []
        for tick in range(first, first + 10):
            following = next_due(float(elapsed[tick]), due, period=period)
            if following is not None:
                due, spoke = following, [*spoke, tick]
        assert spoke == list(range(first, first + 10, every))


def test_a_light_that_a_map_says_twice_is_one_light():
    begin = CROSSING.index("<signal ")
    end = CROSSING.index("</signal>") + len("</signal>")
    twice = CROSSING[:end] + CROSSING[begin:end] + CROSSING[end:]
    world = World({"twice": twice}, "twice")
    lights = [actor for actor in world.actors.values() if actor.blueprint.kind == "light"]
    assert sorted(light.signal for light in lights) == ["7", "8"]
    assert {actor.id for actor in lights} == set(world.lights.by_actor)
    world.tick()
