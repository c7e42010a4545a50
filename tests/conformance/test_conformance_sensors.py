"""What the sensors of a CARLA 0.9.16 server must measure, as the official client reads it.

Set CARLA_SERVER=HOST:PORT to run the same tests against a real server.
"""

# ruff: noqa: F811 (fixtures are named again by the tests that use them)
from __future__ import annotations

import queue

import numpy as np
import pytest
from test_conformance_server import ahead, attach, car, client, of_frame, world  # noqa: F401 (fixtures)

carla = pytest.importorskip("carla")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded")]


def readings(world, car, frames, **attributes):
    """What an IMU says in the next frames: accelerometer z, gyroscope x."""
    sensor, messages = attach(world, car, "sensor.other.imu", **attributes)
    said = [of_frame(messages, world.tick()) for _ in range(frames)]
    sensor.destroy()
    return np.array([(one.accelerometer.z, one.gyroscope.x) for one in said])


def test_imu_noise_has_the_spread_and_bias_asked_for_and_repeats_with_its_seed(world, car):
    car.set_simulate_physics(False)
    world.tick()  # in which its fall ends
    noise = {"noise_accel_stddev_z": "0.5", "noise_gyro_bias_x": "0.25"}
    first = readings(world, car, 60, noise_seed="3", **noise)
    again = readings(world, car, 60, noise_seed="3", **noise)
    other = readings(world, car, 60, noise_seed="4", **noise)
    still = readings(world, car, 5)
    np.testing.assert_allclose(still, [[9.81, 0.0]] * 5, atol=1e-5)
    np.testing.assert_allclose(first, again)
    assert abs(first[:, 0] - other[:, 0]).max() > 0.1
    assert first[:, 0].std() == pytest.approx(0.5, abs=0.23)  # five standard errors
    np.testing.assert_allclose(first[:, 1], 0.25, atol=1e-6)


def test_gnss_biases_are_degrees_and_metres(world, car):
    receiver, exact = attach(world, car, "sensor.other.gnss")
    _other, biased = attach(world, car, "sensor.other.gnss", noise_lat_bias="0.001", noise_alt_bias="7")
    frame = world.tick()
    true, shifted = of_frame(exact, frame), of_frame(biased, frame)
    assert shifted.latitude - true.latitude == pytest.approx(0.001)
    assert shifted.longitude == pytest.approx(true.longitude)
    assert shifted.altitude - true.altitude == pytest.approx(7.0)
    assert receiver.is_listening()


TURN = {"rotation_frequency": "20", "range": "50"}  # one turn per tick
FLAT = {"channels": "1", "upper_fov": "0", "lower_fov": "0", "points_per_second": "7200", **TURN}
DOWN = {"channels": "1", "upper_fov": "-30", "lower_fov": "-30", "points_per_second": "72000", **TURN}
LOSSLESS = {"dropoff_general_rate": "0", "dropoff_intensity_limit": "0", "dropoff_zero_intensity": "0"}
BOX, HALF_BOX = "static.prop.container", 1.932 / 2  # m along its nose


@pytest.fixture
def box(world, car):
    """A box whose front face stands 10 m before the sensors of a parked car, 11.5 m before its origin."""
    car.set_simulate_physics(False)
    world.tick()
    blueprint = world.get_blueprint_library().find(BOX)
    return world.spawn_actor(blueprint, ahead(car, 11.5 + HALF_BOX))


def cloud(measurement, columns=4):
    return np.frombuffer(measurement.raw_data, np.float32).reshape(-1, columns)


def test_a_box_ten_metres_ahead_is_ten_metres_ahead_in_a_lidars_points(world, car, box):
    _sensor, messages = attach(world, car, "sensor.lidar.ray_cast", **FLAT, **LOSSLESS)
    sweep = of_frame(messages, world.tick())
    assert (sweep.channels, sweep.get_point_count(0)) == (1, len(sweep))
    points = cloud(sweep)
    face = points[(np.abs(points[:, 1]) < 0.45) & (points[:, 0] > 0.0)]
    assert len(face) == 5  # one degree apart: tan(2 degrees) * 10 m is 0.35 m
    np.testing.assert_allclose(face[:, 0], 10.0, atol=2e-3)
    np.testing.assert_allclose(face[:, 2], 0.0, atol=1e-4)
    np.testing.assert_allclose(face[2], [10.0, 0.0, 0.0, np.exp(-0.004 * 10.0)], atol=2e-3)
    middle = next(one for one in sweep if one.point.x > 0 and abs(one.point.y) < 1e-3)
    assert middle.intensity == pytest.approx(0.9608, abs=1e-3)


def test_a_lidar_turns_on_between_its_messages_and_keeps_its_tick(world, car):
    slow = {**FLAT, "rotation_frequency": "2.5", "sensor_tick": "0.1"}
    _sensor, messages = attach(world, car, "sensor.lidar.ray_cast", **slow)
    frames = [world.tick() for _ in range(9)]
    said = [messages.get(timeout=20.0) for _ in range(4)]
    assert np.diff([one.frame for one in said]).tolist() == [2, 2, 2]
    assert said[0].frame in frames
    turned = np.diff([one.horizontal_angle for one in said]) % (2 * np.pi)
    np.testing.assert_allclose(turned, np.pi / 2, atol=1e-3)  # 2.5 turns/s for 0.1 s: a quarter


def test_lidar_drop_off_and_noise_have_their_share_and_repeat_with_their_seed(world, car):
    car.set_simulate_physics(False)
    whole = attach(world, car, "sensor.lidar.ray_cast", **DOWN, **LOSSLESS)
    half = {**LOSSLESS, "dropoff_general_rate": "0.5", "noise_seed": "5"}
    halves = [attach(world, car, "sensor.lidar.ray_cast", **DOWN, **half) for _ in range(2)]
    rough = attach(world, car, "sensor.lidar.ray_cast", **DOWN, **LOSSLESS, noise_stddev="0.1")
    faint = {"dropoff_general_rate": "0", "dropoff_intensity_limit": "1", "dropoff_zero_intensity": "1"}
    thin = attach(world, car, "sensor.lidar.ray_cast", **DOWN, **faint, atmosphere_attenuation_rate="0.2")
    frame = world.tick()
    full, one, two, noisy, few = (cloud(of_frame(q, frame)) for _, q in (whole, *halves, rough, thin))
    assert len(full) == 3600
    assert len(one) == pytest.approx(1800, abs=150)  # five standard deviations
    np.testing.assert_array_equal(one, two)
    distance = np.linalg.norm(full[:, :3], axis=1)
    error = np.linalg.norm(noisy[:, :3], axis=1) - distance
    assert error.std() == pytest.approx(0.1, abs=0.006)
    assert abs(error.mean()) < 0.009
    assert len(few) == pytest.approx(np.exp(-0.2 * distance).sum(), abs=150)


def test_a_semantic_lidar_tells_what_it_hit_and_how_squarely(world, car, box):
    scan = {**FLAT, "channels": "2", "lower_fov": "-30", "points_per_second": "14400"}
    _sensor, messages = attach(world, car, "sensor.lidar.ray_cast_semantic", **scan)
    sweep = of_frame(messages, world.tick())
    assert sweep.channels == 2
    assert sweep.get_point_count(0) + sweep.get_point_count(1) == len(sweep)
    hits = [one for one in sweep if one.object_idx == box.id]
    middle = min(hits, key=lambda one: abs(one.point.y) + abs(one.point.z))
    assert middle.object_tag == int(carla.CityObjectLabel.Dynamic)
    assert middle.cos_inc_angle == pytest.approx(1.0, abs=1e-3)
    lower = list(sweep)[sweep.get_point_count(0) :]
    road = [one for one in lower if one.object_tag == int(carla.CityObjectLabel.Roads)]
    assert len(road) > 50
    assert {one.object_idx for one in road} == {0}
    np.testing.assert_allclose([one.cos_inc_angle for one in road], 0.5, atol=0.02)  # sin 30 degrees


def test_a_radar_measures_way_bearing_and_speed_of_a_truck_that_drives_off(world, car):
    car.set_simulate_physics(False)
    world.tick()
    blueprint = world.get_blueprint_library().find("vehicle.carlamotors.firetruck")
    other = world.spawn_actor(blueprint, ahead(car, 25.0))
    _sensor, messages = attach(world, car, "sensor.other.radar", horizontal_fov="4", vertical_fov="2")
    other.enable_constant_velocity(carla.Vector3D(5.0, 0.0, 0.0))
    for _ in range(3):
        frame = world.tick()
    detections = list(of_frame(messages, frame))
    assert len(detections) == 75  # 1500 points/s for 0.05 s, and a truck fills the cone
    for one in detections:
        sideways = np.cos(one.azimuth) * np.cos(one.altitude)  # of the velocity, the part along the ray
        assert one.velocity == pytest.approx(5.0 * sideways, abs=0.05)
        assert abs(one.azimuth) <= np.radians(2.01)
        assert abs(one.altitude) <= np.radians(1.01)
    nearest = min(one.depth for one in detections)
    gap = other.get_location().distance(car.get_location()) - 1.5
    assert gap - other.bounding_box.extent.x - 0.1 < nearest < gap


def test_an_approaching_radar_sees_what_stands_come_nearer(world, car, box):
    car.set_simulate_physics(True)
    _sensor, messages = attach(world, car, "sensor.other.radar", horizontal_fov="2", vertical_fov="2")
    car.enable_constant_velocity(carla.Vector3D(4.0, 0.0, 0.0))
    for _ in range(3):
        frame = world.tick()
    detections = list(of_frame(messages, frame))
    assert detections
    for one in detections:
        assert one.velocity == pytest.approx(-4.0, abs=0.1)


def test_an_obstacle_is_told_with_the_way_a_ball_rolls_to_it(world, car, box):
    wide = attach(world, car, "sensor.other.obstacle", distance="20", hit_radius="0.5")
    short = attach(world, car, "sensor.other.obstacle", distance="9", hit_radius="0.5")
    moving = attach(world, car, "sensor.other.obstacle", distance="20", only_dynamics="true")
    frame = world.tick()
    event = of_frame(wide[1], frame)
    assert event.other_actor.id == box.id
    assert event.distance == pytest.approx(9.5, abs=0.01)  # 10 m less the ball's radius
    blueprint = world.get_blueprint_library().find("vehicle.lincoln.mkz_2017")
    other = world.spawn_actor(blueprint, ahead(car, 18.0))
    event = of_frame(moving[1], world.tick())
    assert event.other_actor.id == other.id
    assert short[1].empty()


SMALL = {"image_size_x": "96", "image_size_y": "64", "fov": "90"}


def test_normals_are_the_worlds_and_those_of_a_box_ahead_face_the_camera(world, car, box):
    _sensor, messages = attach(world, car, "sensor.camera.normals", **SMALL)
    image = of_frame(messages, world.tick())
    shown = np.frombuffer(image.raw_data, np.uint8).reshape(64, 96, 4)[..., 2::-1].astype(float)
    nose = box.get_transform().get_forward_vector()
    facing = (1.0 - np.array([nose.x, nose.y, nose.z])) * 127.5
    np.testing.assert_allclose(shown[33, 48], facing, atol=1.0)  # a little below the horizon, 10 m ahead
    np.testing.assert_allclose(shown[62, 48], [127.5, 127.5, 255.0], atol=3.0)  # the road


def test_the_sky_has_no_normal(world, car):
    car.set_simulate_physics(False)
    up = carla.Transform(carla.Location(z=3.0), carla.Rotation(pitch=90.0))
    shots = {}
    for kind in ("normals", "optical_flow"):
        blueprint = world.get_blueprint_library().find(f"sensor.camera.{kind}")
        for name, value in {**SMALL, "fov": "20"}.items():
            blueprint.set_attribute(name, value)
        shots[kind] = (world.spawn_actor(blueprint, up, attach_to=car), queue.Queue())
        shots[kind][0].listen(shots[kind][1].put)
    frame = world.tick()
    image = of_frame(shots["normals"][1], frame)
    shown = np.frombuffer(image.raw_data, np.uint8).reshape(64, 96, 4)[..., :3]
    assert set(np.unique(shown)) == {128}
    assert of_frame(shots["optical_flow"][1], frame).width == 96


def test_optical_flow_is_the_motion_of_a_truck_that_crosses_the_picture(world, car):
    car.set_simulate_physics(False)
    world.tick()
    blueprint = world.get_blueprint_library().find("vehicle.carlamotors.firetruck")
    truck = world.spawn_actor(blueprint, ahead(car, 20.0, right=-2.0, turned=90.0))
    truck.set_simulate_physics(False)
    _sensor, messages = attach(world, car, "sensor.camera.optical_flow", **SMALL)
    still = of_frame(messages, world.tick())
    flow = np.frombuffer(still.raw_data, np.float32).reshape(64, 96, 2)
    np.testing.assert_allclose(flow, 0.0, atol=1e-6)
    truck.set_transform(ahead(car, 20.0, right=-1.5, turned=90.0))
    flow = np.frombuffer(of_frame(messages, world.tick()).raw_data, np.float32).reshape(64, 96, 2)
    # 0.5 m to the right, 18.5 m less half the truck's width of 2.891 m ahead, at a focal length of 48 px
    pixels = flow[32, 48] * (96 / 2, -64 / 2)
    np.testing.assert_allclose(pixels, [0.5 / 17.05 * 48, 0.0], atol=0.1)
    assert np.abs(flow[62]).max() < 1e-6  # the road stands


def test_optical_flow_of_a_camera_that_turns_right_goes_left(world, car):
    car.set_simulate_physics(False)
    _sensor, messages = attach(world, car, "sensor.camera.optical_flow", **SMALL)
    of_frame(messages, world.tick())
    pose = car.get_transform()
    pose.rotation.yaw += 1.0
    car.set_transform(pose)
    flow = np.frombuffer(of_frame(messages, world.tick()).raw_data, np.float32).reshape(64, 96, 2)
    assert flow[5, 48, 0] * 96 / 2 == pytest.approx(-np.tan(np.radians(1.0)) * 48, abs=0.02)


def test_an_event_camera_tells_of_what_moves_and_is_silent_otherwise(world, car):
    car.set_simulate_physics(False)
    world.tick()
    blueprint = world.get_blueprint_library().find("vehicle.carlamotors.firetruck")
    truck = world.spawn_actor(blueprint, ahead(car, 20.0, turned=90.0))
    truck.set_simulate_physics(False)
    _sensor, messages = attach(world, car, "sensor.camera.dvs", **SMALL)
    for _ in range(3):
        world.tick()
    before = world.get_snapshot().timestamp.elapsed_seconds
    assert messages.empty()
    truck.set_transform(ahead(car, 20.0, right=3.0, turned=90.0))
    events = of_frame(messages, world.tick())
    assert (events.width, events.height) == (96, 64)
    told = [(one.x, one.y, one.t, one.pol) for one in events]
    assert len(told) > 50
    assert {one[3] for one in told} == {False, True}
    assert max(one[0] for one in told) < 96
    times = [one[2] for one in told]
    assert times == sorted(times)
    assert before * 1e9 - 1e6 <= times[0]
    assert times[-1] <= (before + 0.05) * 1e9 + 1e6


def test_exposure_and_gamma_change_the_picture_as_photographers_expect(world, car):
    car.set_simulate_physics(False)
    manual = {**SMALL, "exposure_mode": "manual"}
    settings = (
        SMALL,
        manual,
        {**manual, "exposure_compensation": "1.0"},
        {**manual, "iso": "200"},
        {**manual, "shutter_speed": "400"},
        {**manual, "gamma": "1.1"},
    )
    cameras = [attach(world, car, "sensor.camera.rgb", **one) for one in settings]
    frame = world.tick()
    automatic, plain, stop, film, fast, contrasty = (
        np.frombuffer(of_frame(messages, frame).raw_data, np.uint8).reshape(64, 96, 4)[..., :3].astype(int)
        for _, messages in cameras
    )
    np.testing.assert_array_equal(automatic, plain)
    np.testing.assert_array_equal(stop, film)
    assert stop.mean() > plain.mean() + 5 > fast.mean() + 10
    np.testing.assert_allclose(contrasty, 255 * (plain / 255) ** 2, atol=1.0)


def test_a_lens_bends_every_camera_alike(world, car, box):
    bent = {**SMALL, "lens_k": "-3.0", "lens_x_size": "0.8", "lens_y_size": "0.8"}
    kinds = ("semantic_segmentation", "depth")
    straight = [attach(world, car, f"sensor.camera.{kind}", **SMALL) for kind in kinds]
    curved = [attach(world, car, f"sensor.camera.{kind}", **bent) for kind in kinds]
    frame = world.tick()
    pictures = [
        np.frombuffer(of_frame(messages, frame).raw_data, np.uint8).reshape(64, 96, 4)
        for _, messages in (*straight, *curved)
    ]
    for before, after in zip(pictures[:2], pictures[2:], strict=True):
        np.testing.assert_array_equal(before[32, 48], after[32, 48])
        # 0.4948 and 0.0078 from the centre: f = 1 - 3 * 0.8^2 * 0.2449 = 0.53, so column 70 shows at the edge
        np.testing.assert_array_equal(after[32, 95], before[32, 73])
        assert (before != after).any()


def test_one_of_every_sensor_can_be_listened_to_at_once(world, car, box):
    silent = ("collision", "lane_invasion", "dvs", "obstacle", "v2x", "rss", "gbuffer")  # without an event
    library = [one.id for one in world.get_blueprint_library().filter("sensor.*")]
    speaking = [name for name in library if not any(part in name for part in silent)]
    assert {"sensor.camera.rgb", "sensor.camera.normals", "sensor.lidar.ray_cast"} <= set(speaking)
    sensors = [
        attach(world, car, name, **(SMALL if name.startswith("sensor.camera") else {})) for name in library
    ]
    frame = world.tick()
    for name, (_, messages) in zip(library, sensors, strict=True):
        if name in speaking:
            of_frame(messages, frame)
