"""What every CARLA 0.9.16 server must do for an ordinary script with `carla.Client`.

Set CARLA_SERVER=HOST:PORT to run the same tests against a real server, on a map that has spawn points.
"""

from __future__ import annotations

import contextlib
import math
import queue

import numpy as np
import pytest

carla = pytest.importorskip("carla")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded")]

TIMEOUT = 20.0  # s
DELTA = 0.05  # s
SIZE = {"image_size_x": "96", "image_size_y": "64", "fov": "90"}


@pytest.fixture(scope="module")
def client(client_of, carla_endpoint):
    return client_of(*carla_endpoint, timeout=TIMEOUT)


@pytest.fixture
def world(client):
    """A world in synchronous mode; what a test spawns is destroyed after it."""
    world = client.get_world()
    old = world.get_settings()
    settings = world.get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds = True, DELTA
    world.apply_settings(settings)
    world.tick()
    before = {actor.id for actor in world.get_actors()}
    yield world
    mine = [actor for actor in world.get_actors() if actor.id not in before]
    for actor in mine:
        if actor.type_id.startswith("sensor."):
            actor.stop()
    client.apply_batch_sync([carla.command.DestroyActor(actor) for actor in mine], False)
    world.tick()  # not within the batch: that holds the interpreter's lock, which ending listeners may need
    world.apply_settings(old)


@pytest.fixture
def car(world):
    blueprint = world.get_blueprint_library().find("vehicle.lincoln.mkz_2017")
    for pose in world.get_map().get_spawn_points():
        car = world.try_spawn_actor(blueprint, pose)
        if car is not None:
            world.tick()
            return car
    raise AssertionError("no spawn point is free")


def ahead(car, forward, right=0.0, up=0.0, *, turned=0.0):
    """A pose relative to a car's."""
    pose = car.get_transform()
    along, aside = pose.get_forward_vector(), pose.get_right_vector()
    place = pose.location + along * forward + aside * right
    place.z += up
    return carla.Transform(place, carla.Rotation(yaw=pose.rotation.yaw + turned))


def attach(world, car, sensor, **attributes):
    """A sensor at windscreen height, which speaks as long as it is held, and the queue of what it says."""
    blueprint = world.get_blueprint_library().find(sensor)
    for name, value in attributes.items():
        blueprint.set_attribute(name, value)
    actor = world.spawn_actor(blueprint, carla.Transform(carla.Location(1.5, 0.0, 1.5)), attach_to=car)
    messages: queue.Queue = queue.Queue()
    actor.listen(messages.put)
    return actor, messages


def of_frame(messages, frame):
    """The message of one frame; earlier ones are let go."""
    while True:
        message = messages.get(timeout=TIMEOUT)
        if message.frame == frame:
            return message
        assert message.frame < frame, f"frame {frame} was lost: {message.frame} came instead"


def pixels(image):
    return np.frombuffer(image.raw_data, np.uint8).reshape(image.height, image.width, 4)


def spawn_child(world, pose):
    blueprint = world.get_blueprint_library().find("walker.pedestrian.0011")
    blueprint.set_attribute("is_invincible", "false")
    return world.spawn_actor(blueprint, pose)


def speed(actor):
    return actor.get_velocity().length()


def test_both_sides_speak_the_same_release(client):
    assert client.get_server_version() == client.get_client_version() == "0.9.16"


def test_settings_are_what_was_set(world):
    settings = world.get_settings()
    assert settings.synchronous_mode
    assert settings.fixed_delta_seconds == pytest.approx(DELTA)


def test_a_tick_is_one_frame_and_one_delta(world):
    first = world.get_snapshot()
    frame = world.tick()
    second = world.get_snapshot()
    assert (second.frame, frame) == (first.frame + 1, first.frame + 1)
    assert second.timestamp.delta_seconds == pytest.approx(DELTA)
    assert second.timestamp.elapsed_seconds == pytest.approx(first.timestamp.elapsed_seconds + DELTA)


def test_the_map_has_lanes_where_its_spawn_points_are(world):
    road_map = world.get_map()
    points = road_map.get_spawn_points()
    assert points
    for pose in points[:10]:
        waypoint = road_map.get_waypoint(pose.location)
        assert waypoint.lane_type == carla.LaneType.Driving
        turn = math.radians(waypoint.transform.rotation.yaw - pose.rotation.yaw)
        assert math.cos(turn) > 0.9
        assert waypoint.transform.location.distance(pose.location) < 1.0


def test_a_car_drives_where_it_is_steered(world, car):
    start = car.get_transform()
    car.apply_control(carla.VehicleControl(throttle=0.8))
    for _ in range(60):
        world.tick()
    assert speed(car) > 3.0
    assert car.get_control().throttle == pytest.approx(0.8)
    forward = car.get_location() - start.location
    assert forward.dot(start.get_forward_vector()) > 5.0
    car.apply_control(carla.VehicleControl(throttle=0.3, steer=0.3))
    for _ in range(10):
        world.tick()
    assert car.get_angular_velocity().z > 1.0  # clockwise from above: to the right
    car.apply_control(carla.VehicleControl(brake=1.0))
    for _ in range(80):
        world.tick()
    assert speed(car) < 0.1


def test_spawning_twice_in_one_place_fails_in_carlas_words(world, car):
    blueprint = world.get_blueprint_library().find("vehicle.lincoln.mkz_2017")
    assert world.try_spawn_actor(blueprint, ahead(car, 0.5, up=0.2)) is None
    with pytest.raises(RuntimeError, match="Spawn failed because of collision at spawn position"):
        world.spawn_actor(blueprint, ahead(car, 0.5, up=0.2))


def test_a_walker_walks_at_the_speed_it_is_told(world, car):
    child = spawn_child(world, ahead(car, 12.0, up=1.0))
    world.tick()
    direction = car.get_transform().get_forward_vector()
    child.apply_control(carla.WalkerControl(direction=direction, speed=1.5))
    for _ in range(20):
        world.tick()
    start = child.get_location()
    for _ in range(20):
        world.tick()
    walked = child.get_location() - start
    assert math.hypot(walked.x, walked.y) == pytest.approx(1.5 * 20 * DELTA, rel=0.15)
    assert child.get_control().speed == pytest.approx(1.5)


def test_every_image_has_the_frame_of_its_tick_from_the_first_on(world, car):
    camera, images = attach(world, car, "sensor.camera.rgb", **SIZE)
    for _ in range(20):
        frame = world.tick()
        image = of_frame(images, frame)
        assert (image.width, image.height, image.fov) == (96, 64, 90.0)
    seen = pixels(image)
    assert seen[..., :3].std() > 5.0  # something is to be seen
    offset = camera.get_transform().location - car.get_transform().location
    assert offset.length() == pytest.approx(math.hypot(1.5, 1.5), abs=0.1)


def test_no_first_image_is_lost_between_listen_and_tick(world, car):
    camera, _ = attach(world, car, "sensor.camera.depth", image_size_x="16", image_size_y="16")
    for _ in range(20):
        camera.stop()
        images: queue.Queue = queue.Queue()
        camera.listen(images.put)
        frame = world.tick()
        assert images.get(timeout=TIMEOUT).frame == frame


def test_depth_is_metres_along_the_axis_by_the_official_formula(world, car):
    van = world.get_blueprint_library().find("vehicle.mercedes.sprinter")
    blocker = world.spawn_actor(van, ahead(car, 14.0, up=0.2))
    _sensor, images = attach(world, car, "sensor.camera.depth", **SIZE)
    for _ in range(10):  # until it stands on the road
        image = of_frame(images, world.tick())
    code = pixels(image).astype(float)
    metres = (code[..., 2] + 256 * code[..., 1] + 65536 * code[..., 0]) / (256**3 - 1) * 1000.0
    gap = blocker.get_location().distance(car.get_location()) - 1.5 - blocker.bounding_box.extent.x
    assert metres[30:34, 46:50].mean() == pytest.approx(gap, abs=0.6)
    assert metres[0].max() > 100.0  # sky or distance


def test_classes_are_carlas_tags_and_the_palette_is_cityscapes(world, car):
    spawn_child(world, ahead(car, 8.0, up=1.0))
    _sensor, images = attach(world, car, "sensor.camera.semantic_segmentation", **SIZE)
    image = of_frame(images, world.tick())
    tags = pixels(image)[..., 2]
    assert {1, 12} <= set(np.unique(tags).tolist())  # roads and pedestrians
    child = np.argwhere(tags == 12)
    assert abs(child[:, 1].mean() - 48) < 6
    image.convert(carla.ColorConverter.CityScapesPalette)
    blue, green, red, _ = pixels(image)[child[0, 0], child[0, 1]]
    assert (red, green, blue) == (220, 20, 60)


def test_running_into_a_child_is_reported_by_the_collision_sensor(world, car):
    child = spawn_child(world, ahead(car, 15.0, up=1.0))
    _sensor, events = attach(world, car, "sensor.other.collision")
    world.tick()
    forward = car.get_transform().get_forward_vector()
    car.set_target_velocity(forward * 10.0)
    car.apply_control(carla.VehicleControl(throttle=0.6))
    for _ in range(60):
        frame = world.tick()
        with contextlib.suppress(queue.Empty):
            event = events.get(timeout=0.05)
            break
    assert event.frame <= frame
    assert (event.actor.id, event.other_actor.id) == (car.id, child.id)
    assert event.normal_impulse.length() > 50.0


def test_set_target_velocity_and_set_transform_take_effect_at_the_next_tick(world, car):
    forward = car.get_transform().get_forward_vector()
    goal = ahead(car, 10.0, up=0.1)
    car.set_transform(goal)
    car.set_target_velocity(forward * 6.0)
    world.tick()
    assert speed(car) == pytest.approx(6.0, rel=0.1)
    assert car.get_location().distance(goal.location) < 0.8


def test_without_physics_an_actor_stays_where_it_is_put(world, car):
    car.set_simulate_physics(False)
    car.apply_control(carla.VehicleControl(throttle=1.0))
    goal = ahead(car, 5.0)
    car.set_transform(goal)
    for _ in range(10):
        world.tick()
    assert car.get_location().distance(goal.location) < 0.01


def test_a_batch_spawns_commands_and_destroys(client, world, car):
    cone = world.get_blueprint_library().find("static.prop.trafficcone01")
    nudge = carla.command.SetSimulatePhysics(carla.command.FutureActor, False)
    spawn = carla.command.SpawnActor(cone, ahead(car, 9.0, up=0.1)).then(nudge)
    clash = carla.command.SpawnActor(cone, ahead(car, 0.0, up=0.1))
    good, bad = client.apply_batch_sync([spawn, clash], True)
    assert not good.error
    assert "collision" in bad.error
    assert world.get_actor(good.actor_id).type_id == "static.prop.trafficcone01"
    (gone,) = client.apply_batch_sync([carla.command.DestroyActor(good.actor_id)], True)
    assert not gone.error
    assert world.get_snapshot().find(good.actor_id) is None


def test_a_batch_spawns_what_has_a_parent_as_generate_traffic_does(client, world, car):
    """The client then sends an attachment that was never set."""
    camera = world.get_blueprint_library().find("sensor.camera.rgb")
    mounted = carla.Transform(carla.Location(x=1.0, z=2.0))
    commands = [carla.command.SpawnActor(camera, mounted, car) for _ in range(20)]
    answers = client.apply_batch_sync(commands, True)
    assert [answer.error for answer in answers] == [""] * 20
    assert {world.get_actor(answer.actor_id).parent.id for answer in answers} == {car.id}
    client.apply_batch_sync([carla.command.DestroyActor(answer.actor_id) for answer in answers], True)


def test_a_batch_carries_every_kind_of_command_about_actors(client, world, car):
    child = spawn_child(world, ahead(car, 12.0, up=1.0))
    world.tick()
    command, up = carla.command, carla.Vector3D(0.0, 0.0, 1.0)
    car.set_location(car.get_location())
    commands = [
        command.ApplyVehicleControl(car, carla.VehicleControl(brake=0.5)),
        command.ApplyVehiclePhysicsControl(car, car.get_physics_control()),
        command.ApplyWalkerControl(child, carla.WalkerControl(speed=1.0)),
        command.ApplyWalkerState(child, child.get_transform(), 0.0),
        command.ApplyTransform(car, car.get_transform()),
        command.ApplyTargetVelocity(car, carla.Vector3D()),
        command.ApplyTargetAngularVelocity(car, carla.Vector3D()),
        command.ApplyImpulse(car, up),
        command.ApplyForce(car, up),
        command.SetSimulatePhysics(car, True),
        command.SetEnableGravity(car, True),
        command.SetVehicleLightState(
            car.id, 8
        ),  # Brake; given the actor, the client sends "true" for any state
    ]
    answers = client.apply_batch_sync(commands, True)
    assert [answer.error for answer in answers] == [""] * len(commands)
    assert car.get_control().brake == pytest.approx(0.5)
    assert car.get_light_state() == carla.VehicleLightState.Brake


def test_leaving_the_lane_is_noticed_by_the_lane_invasion_sensor(world, car):
    sensor, events = attach(world, car, "sensor.other.lane_invasion")
    car.set_target_velocity(car.get_transform().get_forward_vector() * 8.0)
    car.apply_control(carla.VehicleControl(throttle=0.5, steer=-0.2))
    for _ in range(40):
        world.tick()
    crossed = events.get(timeout=TIMEOUT).crossed_lane_markings
    sensor.stop()  # it lives in the client, which crashes if the map changes under it
    assert crossed


def test_destroyed_actors_are_gone_from_the_next_snapshot(world, car):
    assert world.get_snapshot().find(car.id) is not None
    assert car.destroy()
    world.tick()
    assert world.get_snapshot().find(car.id) is None


def test_weather_spectator_and_debug_drawing_are_accepted(world):
    weather = world.get_weather()
    weather.cloudiness, weather.sun_altitude_angle = 70.0, 30.0
    world.set_weather(weather)
    world.tick()
    assert world.get_weather().cloudiness == pytest.approx(70.0)
    world.set_weather(carla.WeatherParameters.ClearNoon)
    pose = carla.Transform(carla.Location(1.0, 2.0, 30.0), carla.Rotation(pitch=-90.0))
    world.get_spectator().set_transform(pose)
    world.debug.draw_line(carla.Location(), carla.Location(x=5.0), life_time=0.1)
    world.debug.draw_string(carla.Location(), "here", life_time=0.1)
    world.tick()
    assert world.get_spectator().get_transform().location.z == pytest.approx(30.0)


def test_an_imu_feels_gravity_and_gnss_knows_where_it_is(world, car):
    _sensor, felt = attach(world, car, "sensor.other.imu")
    receiver, known = attach(world, car, "sensor.other.gnss")
    for _ in range(20):
        frame = world.tick()
    assert of_frame(felt, frame).accelerometer.z == pytest.approx(9.81, abs=0.3)
    place = of_frame(known, frame)
    expected = world.get_map().transform_to_geolocation(receiver.get_location())
    assert place.latitude == pytest.approx(expected.latitude, abs=1e-6)
    assert place.longitude == pytest.approx(expected.longitude, abs=1e-6)
    assert place.altitude == pytest.approx(expected.altitude, abs=0.05)


def test_a_world_made_from_opendrive_is_driven_like_any_other(client, carla_endpoint):
    xodr = client.get_world().get_map().to_opendrive()
    old = client.get_world().get_map().name
    world = client.generate_opendrive_world(xodr)
    assert world.get_map().name.endswith("OpenDriveMap")
    assert len(world.get_actors().filter("vehicle.*")) == 0
    assert world.wait_for_tick(TIMEOUT).frame > 0  # asynchronous: it runs by itself
    again = client.load_world(old.rsplit("/", 1)[-1])
    assert again.get_map().name.endswith(old.rsplit("/", 1)[-1])


def test_a_second_client_sees_and_ticks_the_same_world(client_of, carla_endpoint, world, car):
    other = client_of(*carla_endpoint, timeout=TIMEOUT)
    joined = other.get_world()
    joined.tick()
    seen = joined.get_actors().find(car.id)
    assert seen.type_id == car.type_id
    assert seen.get_location().distance(car.get_location()) < 0.1
