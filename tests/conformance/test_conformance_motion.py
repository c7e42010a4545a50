"""How vehicles and walkers of a CARLA 0.9.16 server move when a client does more than press pedals.

Set CARLA_SERVER=HOST:PORT to run the same tests against a real server.
"""

# ruff: noqa: F811 (fixtures are named again by the tests that use them)
from __future__ import annotations

import math

import pytest
from test_conformance_server import DELTA, ahead, car, client, spawn_child, speed, world  # noqa: F401 (fixtures)

carla = pytest.importorskip("carla")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded")]


def ticks(world, seconds):
    for _ in range(round(seconds / DELTA)):
        world.tick()


def test_ackermann_control_comes_to_its_speed(world, car):
    assert car.get_ackermann_controller_settings().speed_kp == pytest.approx(0.15)
    car.apply_ackermann_control(carla.VehicleAckermannControl(speed=5.0))
    ticks(world, 10.0)
    assert speed(car) == pytest.approx(5.0, rel=0.15)


def test_a_physics_control_is_what_was_set_and_more_mass_is_slower(world, car):
    def after_two_seconds():
        car.set_target_velocity(carla.Vector3D())
        car.apply_control(carla.VehicleControl(brake=1.0))
        ticks(world, 1.0)
        car.apply_control(carla.VehicleControl(throttle=0.8))
        ticks(world, 2.0)
        return speed(car)

    usual = after_two_seconds()
    control = car.get_physics_control()
    control.mass *= 3.0
    car.apply_physics_control(control)
    world.tick()
    assert car.get_physics_control().mass == pytest.approx(control.mass)
    assert after_two_seconds() < 0.8 * usual


def test_telemetry_agrees_with_the_motion(world, car):
    car.apply_control(carla.VehicleControl(throttle=0.7))
    ticks(world, 2.0)
    told = car.get_telemetry_data()
    assert told.speed == pytest.approx(speed(car), rel=0.1, abs=0.3)
    assert len(told.wheels) == len(car.get_physics_control().wheels)
    assert told.engine_rpm > 0.0


def test_an_impulse_is_newton_seconds(world, car):
    ticks(world, 1.0)
    forward = car.get_transform().get_forward_vector()
    car.add_impulse(forward * 4.0 * car.get_physics_control().mass)
    world.tick()
    assert speed(car) == pytest.approx(4.0, rel=0.25)


def test_a_constant_velocity_is_in_the_cars_frame_and_lasts_until_it_is_ended(world, car):
    forward = car.get_transform().get_forward_vector()
    car.enable_constant_velocity(carla.Vector3D(5.0, 0.0, 0.0))
    ticks(world, 1.0)
    assert car.get_velocity().dot(forward) == pytest.approx(5.0, rel=0.05)
    car.disable_constant_velocity()
    car.apply_control(carla.VehicleControl(brake=1.0))
    ticks(world, 3.0)
    assert speed(car) < 0.2


def test_a_walker_that_jumps_leaves_the_ground_and_comes_back(world, car):
    child = spawn_child(world, ahead(car, 12.0, up=1.0))
    ticks(world, 2.0)
    ground = child.get_location().z
    child.apply_control(carla.WalkerControl(jump=True))
    heights = []
    for _ in range(8):
        world.tick()
        heights.append(child.get_location().z - ground)
    child.apply_control(carla.WalkerControl())
    assert max(heights) > 0.1
    ticks(world, 2.0)
    assert child.get_location().z == pytest.approx(ground, abs=0.05)


def test_bones_have_carlas_names_and_a_head_above_the_feet(world, car):
    child = spawn_child(world, ahead(car, 12.0, up=1.0))
    ticks(world, 1.0)
    bones = {bone.name: bone.world.location for bone in child.get_bones().bone_transforms}
    assert bones["crl_Head__C"].z - bones["crl_foot__L"].z > 0.6
    shoulders = bones["crl_arm__L"].distance(bones["crl_arm__R"])
    assert 0.1 < shoulders < 0.6


def test_a_recording_tells_what_happened(client, world, car):
    client.start_recorder("conformance_motion.log")
    car.apply_control(carla.VehicleControl(throttle=0.5))
    ticks(world, 1.0)
    client.stop_recorder()
    text = client.show_recorder_file_info("conformance_motion.log", False)
    assert f"Create {car.id}: {car.type_id}" in text
    assert "Frames:" in text
    assert math.isfinite(speed(car))
