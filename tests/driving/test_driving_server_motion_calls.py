"""Every call about motion acts on the world, as the official client sees it."""

from __future__ import annotations

import math

import pytest

carla = pytest.importorskip("carla")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded")]

DELTA = 0.05


@pytest.fixture(scope="module")
def client(serve, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("recordings"))
    client = carla.Client("127.0.0.1", serve("straight", "--recordings", folder))
    client.set_timeout(20.0)
    settings = client.get_world().get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds = True, DELTA
    client.get_world().apply_settings(settings)
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
    car.set_transform(carla.Transform(carla.Location(60.0, 1.75, 0.0), carla.Rotation(yaw=90.0)))
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
    assert len(wheels) == 5
    with pytest.raises(RuntimeError, match="VehicleMesh"):
        car.get_component_world_transform("Roof")


def test_a_ride_is_recorded_told_and_replayed(client, world, car):
    assert client.start_recorder("../rides/ride.log").endswith("/ride.log")
    car.apply_control(carla.VehicleControl(throttle=0.7))
    places = []
    for _ in range(20):
        world.tick()
        places.append(car.get_location().x)
    client.stop_recorder()
    assert f"Create {car.id}: vehicle.lincoln.mkz_2017" in client.show_recorder_file_info("ride.log", False)
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
