"""Every call about motion acts on the world, as the official client sees it."""

from __future__ import annotations

import math
import queue

import pytest
from ticking import synchronous

carla = pytest.importorskip("carla")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded")]

DELTA = 0.05


@pytest.fixture(scope="module")
def client(client_of, serve, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("recordings"))
    client = client_of("127.0.0.1", serve("straight", "--recordings", folder))
    synchronous(client.get_world(), delta=DELTA)
    return client


@pytest.fixture
def world(client):
    """The world; what a test spawns is destroyed after it."""
    world = client.get_world()
    world.tick()
    before = {actor.id for actor in world.get_actors()}
    yield world
    mine = [actor.id for actor in world.get_actors() if actor.id not in before]
    client.apply_batch_sync([carla.command.DestroyActor(actor) for actor in mine], False)
    world.tick()


def spawn(world, blueprint="vehicle.lincoln.mkz_2017", *, x=60.0, y=1.75, z=0.0, **attributes):
    found = world.get_blueprint_library().find(blueprint)
    for name, text in attributes.items():
        found.set_attribute(name, text)
    actor = world.spawn_actor(found, carla.Transform(carla.Location(x, y, z)))
    world.tick()
    return actor


@pytest.fixture
def car(world):
    return spawn(world)


def ticks(world, seconds):
    for _ in range(round(seconds / DELTA)):
        world.tick()


def test_ackermann_control_drives_to_a_speed_and_its_settings_are_what_was_set(client, world, car):
    settings = car.get_ackermann_controller_settings()
    assert (settings.speed_kp, settings.speed_kd) == (pytest.approx(0.15), pytest.approx(0.25))
    settings.speed_kp = 0.2
    car.apply_ackermann_controller_settings(settings)
    assert car.get_ackermann_controller_settings().speed_kp == pytest.approx(0.2)
    car.set_collisions(False)  # it turns off the road, and trees would stop it
    car.apply_ackermann_control(carla.VehicleAckermannControl(speed=6.0, steer=0.05))
    ticks(world, 8.0)
    assert car.get_velocity().length() == pytest.approx(6.0, rel=0.03)
    assert car.get_control().steer == pytest.approx(0.05 / math.radians(70.0), rel=0.01)
    command = carla.command.ApplyVehicleAckermannControl(car, carla.VehicleAckermannControl(speed=0.0))
    (answer,) = client.apply_batch_sync([command], True)
    assert not answer.error
    ticks(world, 6.0)
    assert car.get_velocity().length() == 0.0


def test_physics_control_is_what_was_set_and_moves_the_car(world, car):
    control = car.get_physics_control()
    control.mass *= 2.0
    control.torque_curve = [carla.Vector2D(0.0, 300.0), carla.Vector2D(6000.0, 300.0)]
    wheels = control.wheels
    for wheel in wheels:
        wheel.max_brake_torque = 700.0
    control.wheels = wheels
    other = spawn(world, y=5.25)
    car.apply_physics_control(control)
    got = car.get_physics_control()
    assert got.mass == pytest.approx(control.mass)
    assert [(point.x, point.y) for point in got.torque_curve] == [(0.0, 300.0), (6000.0, 300.0)]
    assert [wheel.max_brake_torque for wheel in got.wheels] == [700.0] * 4
    for actor in (car, other):
        actor.apply_control(carla.VehicleControl(throttle=1.0))
    ticks(world, 2.0)
    assert 0.0 < car.get_velocity().x < 0.5 * other.get_velocity().x


def test_wheels_are_told_where_they_are_in_the_world_and_stay_there(world, car):
    car.set_transform(carla.Transform(carla.Location(40.0, 1.75, 0.0), carla.Rotation(yaw=90.0)))
    world.tick()
    control = car.get_physics_control()
    here, half = car.get_location(), car.bounding_box.extent
    front_left = control.wheels[0].position / 100.0  # cm
    assert front_left.y - here.y == pytest.approx(0.6 * half.x, abs=0.01)  # it looks along y
    assert front_left.x - here.x == pytest.approx(0.8 * half.y, abs=0.01)  # and its left is at larger x
    assert front_left.z == pytest.approx(0.36, abs=0.01)
    wheels = control.wheels
    for wheel in wheels:
        wheel.position = carla.Vector3D(1.0, 2.0, 3.0)
    control.wheels = wheels
    car.apply_physics_control(control)
    assert (car.get_physics_control().wheels[0].position / 100.0 - front_left).length() < 0.01


def test_telemetry_tells_speed_gear_and_wheels(world, car):
    car.apply_control(carla.VehicleControl(throttle=0.8))
    ticks(world, 2.0)
    told = car.get_telemetry_data()
    assert told.speed == pytest.approx(car.get_velocity().length(), rel=1e-3)
    assert told.throttle == pytest.approx(0.8, rel=1e-3)
    assert told.gear >= 1
    assert told.engine_rpm > 800.0
    assert len(told.wheels) == 4
    assert told.wheels[0].tire_friction == pytest.approx(3.5)
    assert told.wheels[0].omega * 0.36 == pytest.approx(told.speed, rel=0.1)  # the tyres slip


def test_impulses_and_forces_move_a_car_along_and_up(world, car):
    mass = car.get_physics_control().mass
    car.add_impulse(carla.Vector3D(3.0 * mass, 0.0, 0.0))
    world.tick()
    assert car.get_velocity().x == pytest.approx(3.0, rel=0.05)
    car.add_impulse(carla.Vector3D(0.0, 0.0, 4.0 * mass))
    world.tick()
    assert car.get_location().z > 0.1
    ticks(world, 2.0)
    assert car.get_location().z == pytest.approx(0.0, abs=0.02)
    for _ in range(10):
        car.add_force(carla.Vector3D(8.0 * mass, 0.0, 0.0))
        world.tick()
    assert car.get_velocity().x > 3.0


def test_angular_impulse_and_torque_turn_the_car(world, car):
    inertia = (
        car.get_physics_control().mass / 3.0 * (car.bounding_box.extent.x**2 + car.bounding_box.extent.y**2)
    )
    car.add_angular_impulse(carla.Vector3D(0.0, 0.0, 100.0 * inertia * 1e4))  # kg cm2 degrees/s
    world.tick()
    assert car.get_angular_velocity().z == pytest.approx(100.0 - 400.0 * DELTA, rel=0.02)
    ticks(world, 1.0)
    assert car.get_angular_velocity().z == 0.0
    for _ in range(4):  # the 0.9.16 client sends a torque as an angular impulse
        car.add_torque(carla.Vector3D(0.0, 0.0, -50.0 * inertia * 1e4))
        world.tick()
    assert car.get_angular_velocity().z == pytest.approx(4 * (-50.0 + 400.0 * DELTA), rel=0.02)


def test_target_velocities_and_a_constant_one(world, car):
    car.set_target_velocity(carla.Vector3D(4.0, 0.0, 0.0))
    car.set_target_angular_velocity(carla.Vector3D(0.0, 0.0, 60.0))
    world.tick()
    assert car.get_velocity().length() == pytest.approx(4.0, rel=0.05)
    assert car.get_angular_velocity().z == pytest.approx(60.0 - 400.0 * DELTA, rel=0.05)
    car.set_transform(carla.Transform(carla.Location(60.0, -3.0, 0.0), carla.Rotation(yaw=90.0)))
    car.enable_constant_velocity(carla.Vector3D(5.0, 0.0, 0.0))
    car.apply_control(carla.VehicleControl(brake=1.0))
    ticks(world, 0.5)
    assert car.get_velocity().y == pytest.approx(5.0, rel=0.01)  # in the car's frame
    car.disable_constant_velocity()
    ticks(world, 2.0)
    assert car.get_velocity().length() == 0.0


def test_without_gravity_a_car_floats_and_without_collisions_it_passes_through(world, car):
    car.set_enable_gravity(False)
    car.add_impulse(carla.Vector3D(0.0, 0.0, 2.0 * car.get_physics_control().mass))
    ticks(world, 1.0)
    assert car.get_location().z == pytest.approx(2.0, rel=0.05)
    car.set_enable_gravity(True)
    ticks(world, 2.0)
    assert car.get_location().z == pytest.approx(0.0, abs=0.02)
    wall = spawn(world, "vehicle.mercedes.sprinter", x=75.0)
    wall.set_simulate_physics(False)
    car.set_collisions(False)
    car.set_transform(carla.Transform(carla.Location(60.0, 1.75, 0.0)))
    car.set_target_velocity(carla.Vector3D(20.0, 0.0, 0.0))
    ticks(world, 2.0)
    assert car.get_location().x > 85.0


def test_a_batch_of_forces_acts_like_the_calls(client, world, car):
    mass = car.get_physics_control().mass
    command, up = carla.command, carla.Vector3D(0.0, 0.0, 1e9)
    commands = [
        command.ApplyImpulse(car, carla.Vector3D(2.0 * mass, 0.0, 0.0)),
        command.ApplyAngularImpulse(car, up),
        command.ApplyTorque(car, up),
    ]
    assert [answer.error for answer in client.apply_batch_sync(commands, True)] == [""] * 3
    assert car.get_velocity().x == pytest.approx(2.0, rel=0.1)
    assert car.get_angular_velocity().z > 0.0


def test_a_walker_jumps_and_is_knocked_over_for_the_client_to_see(world, car):
    child = spawn(world, "walker.pedestrian.0011", x=80.0, z=1.0, is_invincible="false")
    ticks(world, 1.0)
    ground = child.get_location().z
    child.apply_control(carla.WalkerControl(jump=True))
    ticks(world, 0.3)
    assert child.get_location().z > ground + 0.3
    child.apply_control(carla.WalkerControl())
    car.set_transform(carla.Transform(carla.Location(72.0, 1.75, 0.0)))
    car.set_target_velocity(carla.Vector3D(14.0, 0.0, 0.0))
    car.apply_control(carla.VehicleControl(brake=1.0))
    ticks(world, 3.0)
    assert abs(child.get_transform().rotation.pitch) == pytest.approx(90.0)
    assert child.get_location().z < ground - 0.2


def test_bones_are_read_set_shown_and_hidden(world):
    child = spawn(world, "walker.pedestrian.0011", z=1.0)
    ticks(world, 1.0)
    bones = {bone.name: bone for bone in child.get_bones().bone_transforms}
    assert {"crl_root", "crl_hips__C", "crl_Head__C", "crl_toeEnd__R"} <= set(bones)
    assert bones["crl_Head__C"].world.location.z > 0.9
    raised = carla.Transform(bones["crl_arm__R"].relative.location, carla.Rotation(pitch=150.0))
    child.set_bones(carla.WalkerBoneControlIn([("crl_arm__R", raised)]))
    child.show_pose()
    world.tick()
    shown = {bone.name: bone for bone in child.get_bones().bone_transforms}
    assert shown["crl_arm__R"].relative.rotation.pitch == pytest.approx(150.0)
    assert shown["crl_hand__R"].world.location.z > bones["crl_hand__R"].world.location.z + 0.2
    child.blend_pose(0.5)
    world.tick()
    half = {bone.name: bone for bone in child.get_bones().bone_transforms}
    assert half["crl_arm__R"].relative.rotation.pitch == pytest.approx(75.0)
    child.hide_pose()
    child.get_pose_from_animation()
    world.tick()
    hidden = {bone.name: bone for bone in child.get_bones().bone_transforms}
    assert hidden["crl_arm__R"].relative.rotation.pitch == pytest.approx(0.0)
    assert child.get_bone_names() == [bone.name for bone in child.get_bones().bone_transforms]
    assert len(child.get_bone_world_transforms()) == len(child.get_bone_relative_transforms()) == 66


def test_components_sockets_and_wheels_answer(world, car):
    assert car.get_component_names() == ["VehicleMesh"]
    mesh = car.get_component_world_transform("VehicleMesh")
    assert mesh.location.distance(car.get_location()) < 1e-3
    assert car.get_component_relative_transform("VehicleMesh").location.length() == 0.0
    assert car.get_socket_names() == car.get_socket_world_transforms() == []
    wheels = car.get_vehicle_bone_world_transforms()
    assert len(wheels) == 11  # the body, wheels and doors
    with pytest.raises(RuntimeError, match="VehicleMesh"):
        car.get_component_world_transform("Roof")


def test_a_ride_is_recorded_told_and_replayed(client, world, car):
    assert client.start_recorder("../ride.log").endswith("/ride.log")
    car.apply_control(carla.VehicleControl(throttle=0.7))
    places = []
    for _ in range(20):
        world.tick()
        places.append(car.get_location().x)
    client.stop_recorder()
    told = client.show_recorder_file_info("ride.log", False)
    assert f" Create {car.id}: vehicle.lincoln.mkz_2017 (1) at (" in told
    assert "Frames: 21" in client.show_recorder_collisions("ride.log", "a", "a")
    assert "Duration: 1 seconds" in client.show_recorder_actors_blocked("ride.log", 1.0, 100.0)
    client.set_replayer_time_factor(1.0)
    client.set_replayer_ignore_hero(False)
    client.set_replayer_ignore_spectator(False)
    assert "Replaying" in client.replay_file("ride.log", 0.5, 0.0, car.id, False)
    for place in places[10:]:
        world.tick()
        assert car.get_location().x == pytest.approx(place, abs=0.01)
        assert world.get_spectator().get_location().x == pytest.approx(place - 10.0, abs=0.1)
    client.stop_replayer(True)
    assert "nothing.log not found" in client.replay_file("nothing.log", 0.0, 0.0, 0)


def attached(world, car, kind, x=-6.0, z=3.0):
    """A camera behind a car, and the queue of where its pictures were taken."""
    blueprint = world.get_blueprint_library().find("sensor.camera.rgb")
    blueprint.set_attribute("image_size_x", "32")
    blueprint.set_attribute("image_size_y", "32")
    place = carla.Transform(carla.Location(x=x, z=z), carla.Rotation(pitch=-20.0))
    camera = world.spawn_actor(blueprint, place, attach_to=car, attachment_type=kind)
    seen: queue.Queue = queue.Queue()
    camera.listen(lambda image: seen.put((image.frame, image.transform)))
    return camera, seen


def pose_of_frame(seen, frame):
    while True:
        when, pose = seen.get(timeout=20.0)
        if when == frame:
            return pose


def test_a_rigid_camera_rides_on_a_moving_car_picture_by_picture(world, car):
    camera, seen = attached(world, car, carla.AttachmentType.Rigid)
    car.apply_control(carla.VehicleControl(throttle=0.8, steer=0.5))
    for _ in range(20):
        frame = world.tick()
        pose, parent = pose_of_frame(seen, frame), car.get_transform()
        expected = parent.transform(carla.Location(x=-6.0, z=3.0))
        assert pose.location.distance(expected) < 0.01
        assert pose.rotation.yaw == pytest.approx(parent.rotation.yaw, abs=0.01)
    camera.stop()


def test_a_velocity_that_is_set_accelerates_within_one_tick(world, car):
    car.set_target_velocity(carla.Vector3D(8.0, 0.0, 0.0))
    world.tick()
    assert car.get_acceleration().x == pytest.approx(car.get_velocity().x / DELTA, rel=0.01)
    before = car.get_velocity().x
    world.tick()
    assert car.get_acceleration().x == pytest.approx((car.get_velocity().x - before) / DELTA, rel=0.01)


@pytest.mark.parametrize("kind", ["SpringArm", "SpringArmGhost"])
def test_a_spring_arm_turns_after_its_car_and_stays_level(world, car, kind):
    camera, seen = attached(world, car, getattr(carla.AttachmentType, kind))
    pose_of_frame(seen, world.tick())
    car.set_transform(carla.Transform(car.get_location(), carla.Rotation(yaw=90.0)))
    yaws = [pose_of_frame(seen, world.tick()).rotation.yaw for _ in range(40)]
    assert yaws[0] == pytest.approx(90.0 * 8.0 * DELTA, rel=0.01)  # 8 per second of what is left
    assert yaws[1] == pytest.approx(90.0 * (1.0 - (1.0 - 8.0 * DELTA) ** 2), rel=0.01)
    assert yaws[-1] == pytest.approx(90.0, abs=0.1)
    behind = camera.get_location() - car.get_location()
    rise = 0.3 if kind == "SpringArm" else 0.0
    assert (behind.x, behind.y, behind.z) == pytest.approx((0.0, -6.0, 3.0 + rise), abs=0.05)
    camera.stop()


@pytest.mark.parametrize("y", [0.0, 4.0])
def test_a_camera_on_an_arm_looks_at_its_car_and_turns_from_there(world, car, y):
    place = carla.Transform(carla.Location(-5.8, y, 2.5), carla.Rotation(pitch=8.0))
    found = world.get_blueprint_library().find("sensor.camera.depth")
    arm = carla.AttachmentType.SpringArmGhost
    camera = world.spawn_actor(found, place, attach_to=car, attachment_type=arm)
    world.tick()
    turn = camera.get_transform().rotation
    assert turn.pitch == pytest.approx(8.0 - math.degrees(math.atan2(2.5, math.hypot(5.8, y))), abs=0.1)
    assert turn.yaw == pytest.approx(-math.degrees(math.atan2(y, 5.8)), abs=0.1)
    assert turn.roll == pytest.approx(0.0, abs=0.1)
    here = camera.get_location() - car.get_location()
    assert (here.x, here.y, here.z) == pytest.approx((-5.8, y, 2.5), abs=0.05)


def test_a_spring_arm_keeps_above_the_ground_and_a_ghost_does_not(world, car):
    camera, seen = attached(world, car, carla.AttachmentType.SpringArm, z=-2.0)
    ghost, _ = attached(world, car, carla.AttachmentType.SpringArmGhost, z=-2.0)
    pose_of_frame(seen, world.tick())
    assert camera.get_location().z > 0.1
    assert ghost.get_location().z == pytest.approx(-2.0, abs=0.01)
    for sensor in (camera, ghost):
        sensor.stop()


def test_doors_open_and_close_and_wheels_turn_by_hand_without_physics(world, car):
    def yaw(number):  # of a door: after the body and four wheels
        return car.get_bone_relative_transforms()[5 + number].rotation.yaw

    car.open_door(carla.VehicleDoor.FL)
    assert yaw(0) == pytest.approx(60.0)  # hung at its front: its rear end goes to the left
    assert yaw(1) == 0.0
    car.open_door(carla.VehicleDoor.All)
    assert yaw(1) == pytest.approx(-60.0)
    car.close_door(carla.VehicleDoor.All)
    assert yaw(0) == yaw(1) == 0.0
    front, rear = carla.VehicleWheelLocation.FL_Wheel, carla.VehicleWheelLocation.BL_Wheel
    car.apply_control(carla.VehicleControl(steer=0.5))
    ticks(world, 1.0)
    assert car.get_wheel_steer_angle(front) == pytest.approx(35.0, rel=0.01)
    assert car.get_wheel_steer_angle(rear) == 0.0
    car.set_simulate_physics(False)
    car.set_wheel_steer_direction(front, 12.0)
    car.set_wheel_pitch_angle(rear, 30.0)
    assert car.get_wheel_steer_angle(front) == pytest.approx(12.0)
    assert car.get_wheel_pitch_angle(rear) == pytest.approx(30.0)


def test_imu_gravity_is_what_was_set(world, car):
    assert world.get_imui_sensor_gravity() == pytest.approx(9.81)
    imu = world.spawn_actor(
        world.get_blueprint_library().find("sensor.other.imu"), carla.Transform(), attach_to=car
    )
    felt: queue.Queue = queue.Queue()
    imu.listen(lambda told: felt.put(told.accelerometer.z))
    world.set_imui_sensor_gravity(1.62)
    world.tick()
    assert felt.get(timeout=20.0) == pytest.approx(1.62, abs=0.01)
    world.set_imui_sensor_gravity(9.81)
    imu.stop()
