"""What clients do to vehicles besides driving them: physics and Ackermann control, forces, telemetry."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from ticking import waiting_world

from driving.server import commands, handling
from driving.server.ackermann import Gains, Goal, pedal_for
from driving.server.errors import WorldError
from driving.server.forces import inertia
from driving.server.motion_tables import standard_tables
from driving.server.physics_control import gear_at, rpm_at, standard
from driving.server.settings import Settings
from driving.server.telemetry import telemetry

CAR = "vehicle.lincoln.mkz_2017"
FULL = (1.0, 0.0, 0.0, False, False, False, 0)
STOP = (0.0, 0.0, 1.0, False, False, False, 0)
DELTA = 0.05


@pytest.fixture
def world():
    return waiting_world(delta=DELTA)


def spawn(world, y=1.75, x=20.0):
    return world.spawn(CAR, {}, ((x, y, 0.0), (0.0, 0.0, 0.0)))


def acceleration(world, control, change, *, speed=0.0):
    """What a car with a changed physics control does in the first tick, its pedals being down; m/s2."""
    car = spawn(world)
    body = world.body(car.id)
    commands.set_physics(world, car.id, change(commands.physics_of(world, car.id)))
    handling.set_velocity(world, car.id, (speed, 0.0, 0.0))
    body["last_vx"] = speed
    commands.drive(world, car.id, control)
    body["engine"], body["braking"], body["wheel"] = body["throttle"], body["brake"], body["steer"]
    world.tick()
    found = world.body(car.id)
    result = float(found["ax"]), float(found["wz"])
    world.destroy(car.id)
    return result


def wheels(**values):
    return lambda control: replace(
        control, wheels=tuple(replace(wheel, **values) for wheel in control.wheels)
    )


def same(control):
    return control


def test_the_control_that_a_car_comes_with_changes_nothing(world):
    car = spawn(world)
    before = world.body(car.id).tobytes()
    commands.set_physics(world, car.id, commands.physics_of(world, car.id))
    assert world.body(car.id).tobytes() == before


def test_twice_the_mass_halves_what_engine_and_brakes_do(world):
    heavy = lambda control: replace(control, mass=2.0 * control.mass)  # noqa: E731
    usual, _ = acceleration(world, FULL, same)
    slow, _ = acceleration(world, FULL, heavy)
    assert slow == pytest.approx(usual / 2, rel=0.01)
    usual, _ = acceleration(world, STOP, same, speed=14.0)
    slow, _ = acceleration(world, STOP, heavy, speed=14.0)
    assert slow == pytest.approx(usual / 2, rel=0.05)


def test_half_the_torque_halves_the_thrust(world):
    def weak(control):
        return replace(control, torque_curve=tuple((rpm, pull / 2) for rpm, pull in control.torque_curve))

    usual, _ = acceleration(world, FULL, same)
    assert acceleration(world, FULL, weak)[0] == pytest.approx(usual / 2, rel=0.01)


def test_a_longer_final_ratio_pulls_harder_at_rest(world):
    usual, _ = acceleration(world, FULL, same)
    short = acceleration(world, FULL, lambda control: replace(control, final_ratio=5.0))[0]
    assert short == pytest.approx(usual * 5.0 / 4.0, rel=0.01)


def test_a_gearbox_shifts_at_the_part_of_the_largest_rpm_that_its_gears_say(world):
    control = standard(spawn(world).blueprint)
    shift = 0.65 * 5800.0 / 60.0 * math.tau * 0.36 / (3.6 * 4.0)  # m/s where first gear ends
    assert rpm_at(control, 1, shift) == pytest.approx(0.65 * 5800.0)
    assert (gear_at(control, shift - 0.1), gear_at(control, shift + 0.1), gear_at(control, 99.0)) == (1, 2, 4)


def test_brakes_without_torque_do_not_brake(world):
    slowing, _ = acceleration(world, STOP, wheels(brake_torque=0.0), speed=14.0)
    assert slowing == pytest.approx(-0.5, abs=0.1)  # the drag of a car that rolls


def test_ice_bounds_what_tyres_pass_on(world):
    slippery = wheels(friction=0.35)  # a tenth
    assert acceleration(world, FULL, slippery)[0] == pytest.approx(1.3, rel=0.05)
    assert acceleration(world, STOP, slippery, speed=14.0)[0] == pytest.approx(-1.3, rel=0.05)
    curve = (0.3, 0.5, 0.0, False, False, False, 0)
    usual, slow = (acceleration(world, curve, change, speed=14.0)[1] for change in (same, slippery))
    assert abs(slow) < abs(usual) / 5
    assert math.radians(slow) * 14.0 == pytest.approx(1.3, rel=0.1)


def test_the_steering_follows_the_wheels_angle_and_the_curve(world):
    curve = (0.0, 0.2, 0.0, False, False, False, 0)
    usual = acceleration(world, curve, same, speed=5.0)[1]
    half = acceleration(world, curve, wheels(steer_angle=35.0), speed=5.0)[1]
    blunt = acceleration(
        world, curve, lambda control: replace(control, steering_curve=((0.0, 0.5), (200.0, 0.5))), speed=5.0
    )[1]
    assert half == pytest.approx(usual / 2, rel=0.02)
    assert blunt == pytest.approx(usual * 0.5 / (1.0 - 0.102 * 18.0 / 20.0), rel=0.02)


def test_more_drag_slows_a_fast_car(world):
    coasting = (0.0, 0.0, 0.0, False, False, False, 0)
    usual = acceleration(world, coasting, same, speed=40.0)[0]
    brick = acceleration(world, coasting, lambda control: replace(control, drag=3.0), speed=40.0)[0]
    blueprint = world.spawn(CAR, {}, ((60.0, 1.75, 0.0), (0.0, 0.0, 0.0))).blueprint
    _, width, height = blueprint.size
    added = 0.5 * 1.2 * width * height * (3.0 - 0.3) * 40.0**2 / blueprint.mass
    assert usual - brick == pytest.approx(added, rel=0.03)


def test_a_gear_engaged_by_hand_is_the_one_that_pulls(world):
    def pull(gear):
        car = spawn(world)
        commands.drive(world, car.id, (1.0, 0.0, 0.0, False, False, True, gear))
        for _ in range(20):
            world.tick()
        speed = float(world.body(car.id)["speed"])
        world.destroy(car.id)
        return speed

    assert pull(1) > pull(2) > pull(4) > 0.5
    assert pull(0) == 0.0
    assert pull(-1) < -1.0


def test_a_physics_control_that_no_vehicle_has_is_refused(world):
    car = spawn(world)
    control = commands.physics_of(world, car.id)
    for change in ({"mass": 0.0}, {"gears": ()}, {"torque_curve": ((5.0, 1.0), (0.0, 1.0))}):
        with pytest.raises(WorldError):
            replace(control, **change)
    with pytest.raises(WorldError, match="has 4 wheels, got 2"):
        commands.set_physics(world, car.id, replace(control, wheels=control.wheels[:2]))


@pytest.mark.parametrize("delta", [0.02, 0.05, 0.1])
@pytest.mark.parametrize("speed", [10.0, 3.0, -3.0])
def test_ackermann_control_reaches_its_speed_and_keeps_it(world, speed, delta):
    world.change_settings(Settings(synchronous=True, fixed_delta=delta))
    car = spawn(world, x=100.0)
    commands.drive_ackermann(world, car.id, Goal(speed=speed))
    for _ in range(round(12.0 / delta)):
        world.tick()
    assert world.body(car.id)["speed"] == pytest.approx(speed, rel=0.02)
    commands.drive_ackermann(world, car.id, Goal(speed=0.0))
    for _ in range(round(6.0 / delta)):
        world.tick()
    assert world.body(car.id)["speed"] == 0.0
    assert car.control[2] == 1.0


def test_ackermann_control_keeps_to_its_acceleration_and_corrects_a_heavy_car(world):
    car = spawn(world)
    commands.set_physics(world, car.id, replace(commands.physics_of(world, car.id), mass=2400.0))
    commands.drive_ackermann(world, car.id, Goal(speed=12.0, acceleration=1.5))
    most = 0.0
    for _ in range(400):
        world.tick()
        most = max(most, float(world.body(car.id)["ax"]))
    assert 1.0 < most < 1.5 * 1.3
    assert world.body(car.id)["speed"] == pytest.approx(12.0, rel=0.02)


def test_ackermann_steering_is_an_angle_that_is_turned_to_at_its_rate(world):
    car = spawn(world)
    commands.drive_ackermann(world, car.id, Goal(steer=0.2, steer_speed=0.1))
    for _ in range(20):
        world.tick()
    assert car.control[1] * math.radians(70.0) == pytest.approx(0.1, rel=0.06)
    for _ in range(40):
        world.tick()
    assert car.control[1] * math.radians(70.0) == pytest.approx(0.2, rel=0.01)


def test_an_ackermann_driver_lets_go_when_pedals_are_pressed(world):
    car = spawn(world)
    commands.drive_ackermann(world, car.id, Goal(speed=5.0))
    world.tick()
    commands.drive(world, car.id, STOP)
    world.tick()
    assert car.control[:3] == (0.0, 0.0, 1.0)


def test_without_gains_the_speed_loop_does_nothing(world):
    car = spawn(world)
    car.gains = Gains(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    commands.drive_ackermann(world, car.id, Goal(speed=10.0))
    for _ in range(40):
        world.tick()
    assert world.body(car.id)["speed"] < 0.2


@pytest.mark.parametrize("pedal", [-1.0, -0.75, -0.5, 0.0, 0.5, 0.6, 0.7, 1.0])
def test_the_pedal_for_an_acceleration_is_the_tables_inverse(pedal):
    at_50_kmh = {-1.0: -7.5, -0.75: -5.65, -0.5: -3.8, 0.0: -0.5, 0.5: 0.2, 0.6: 1.0, 0.7: 1.8, 1.0: 4.1}
    assert pedal_for(standard_tables(), at_50_kmh[pedal], 50.0 / 3.6) == pytest.approx(pedal)


def test_an_impulse_changes_the_momentum_by_itself(world):
    car = spawn(world)
    handling.push(world, car.id, (1600.0, 0.0, 0.0))
    assert world.body(car.id)["vx"] == pytest.approx(1600.0 / world.body(car.id)["mass"])


def test_a_force_that_acts_for_a_second_gives_its_impulse(world):
    car = spawn(world)
    handling.set_falls(world, car.id, on=False)
    mass = float(world.body(car.id)["mass"])
    for _ in range(20):
        handling.press_on(world, car.id, (0.0, 0.0, mass))
        world.tick()
    assert world.body(car.id)["vz"] == pytest.approx(1.0)


def test_an_impulse_off_the_centre_turns_the_body_by_its_moment(world):
    car = spawn(world)
    body = world.body(car.id)
    place = (float(body["x"]) + 2.0, float(body["y"]), 0.0)
    handling.push(world, car.id, (0.0, 1000.0, 0.0), place)
    assert body["vy"] == pytest.approx(1000.0 / body["mass"])
    assert math.radians(body["spin"]) == pytest.approx(2.0 * 1000.0 / inertia(body))
    turned = float(body["yaw"])
    world.tick()
    assert world.body(car.id)["yaw"] > turned  # +y at the nose: clockwise from above


def test_a_prop_that_physics_moves_slides_and_comes_to_rest(world):
    cone = world.spawn("static.prop.trafficcone01", {}, ((20.0, 1.75, 0.1), (0.0, 0.0, 0.0)))
    handling.push(world, cone.id, (100.0, 0.0, 0.0))
    world.tick()
    assert world.body(cone.id)["x"] == 20.0  # as it was spawned, nothing moves it
    handling.set_simulated(world, cone.id, on=True)
    handling.push(world, cone.id, (3.0 * float(world.body(cone.id)["mass"]), 0.0, 0.0))
    for _ in range(20):
        world.tick()
    assert world.body(cone.id)["x"] == pytest.approx(20.0 + 3.0**2 / (2 * 6.0), abs=0.05)
    assert world.body(cone.id)["vx"] == 0.0


def test_a_friction_trigger_gives_tyres_its_friction_while_they_are_in_its_box(world):
    """A tenth of the friction: a tenth of the grip of 13 m/s2, and no more to brake with."""
    half = {"friction": "0.35", "extent_x": "1000.0", "extent_y": "300.0", "extent_z": "200.0"}  # cm
    pose = ((50.0, 1.75, 0.0), (0.0, 90.0, 0.0))  # it reaches 3 m along the road, across all of it
    trigger = world.spawn("static.trigger.friction", half, pose)
    slowing = {}
    for x in (20.0, 44.4, 44.7, 55.3, 55.7):  # a car of 4.9 m reaches in from 44.55 on
        car = spawn(world, x=x)
        handling.set_velocity(world, car.id, (0.01, 0.0, 0.0))
        world.tick()
        slowing[x] = 13.0 * (1.0 + float(world.body(car.id)["more_grip"]))
        world.destroy(car.id)
    assert list(slowing.values()) == pytest.approx([13.0, 13.0, 1.3, 1.3, 13.0])
    car = spawn(world, x=50.0)
    world.tick()
    assert world.body(car.id)["tuned"] == 1.0
    assert commands.physics_of(world, car.id).wheels[0].friction == 3.5
    world.destroy(trigger.id)
    world.tick()
    assert world.body(car.id)["tuned"] == 0.0
    assert not world.slipping
    world.destroy(car.id)


def test_telemetry_is_that_of_a_car_that_rolls(world):
    car = spawn(world)
    control = commands.physics_of(world, car.id)
    handling.set_velocity(world, car.id, (10.0, 0.0, 0.0))
    body = world.body(car.id)
    speed, _steer, _throttle, _brake, rpm, gear, drag, four = telemetry(body, control, gear=None)
    assert speed == pytest.approx(10.0)
    assert rpm == pytest.approx(10.0 / 0.36 * control.gears[gear - 1].ratio * 4.0 * 60 / math.tau)
    assert drag == pytest.approx(0.5 * 1.2 * 0.3 * car.blueprint.size[1] * car.blueprint.size[2] * 100.0)
    assert sum(wheel[4] for wheel in four) == pytest.approx(control.mass * 9.81)
    assert [wheel[3] for wheel in four] == pytest.approx([10.0 / 0.36] * 4)


def test_braking_loads_the_front_wheels(world):
    car = spawn(world)
    handling.set_velocity(world, car.id, (15.0, 0.0, 0.0))
    commands.drive(world, car.id, STOP)
    for _ in range(6):
        world.tick()
    four = telemetry(world.body(car.id), commands.physics_of(world, car.id), gear=None)[7]
    assert four[0][4] == four[1][4] > four[2][4] == four[3][4]
    force = sum(wheel[7] for wheel in four)
    assert force == pytest.approx(car.blueprint.mass * float(world.body(car.id)["ax"]), rel=0.01)
