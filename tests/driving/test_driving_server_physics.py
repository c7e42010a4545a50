"""Motion against the published figures of CARLA's car, and the laws of collision."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driving.server import physics
from driving.server.bodies import PROP, VEHICLE, WALKER, BodyTable
from driving.server.ground import ground_of
from driving.server.impact import MOST_CONTACTS, RESTITUTION
from driving.server.maps import LaneStrip
from driving.server.motion_tables import packed, standard_tables
from driving.server.solids import NOTHING, NOWHERE
from driving.server.vehicle_model import GRIP, REAR_AXLE

KMH = 1 / 3.6
EDGE = np.array([[0.0, 0.0, 0.0], [50.0, 0.0, 0.0]])
GROUND = ground_of([LaneStrip("driving", EDGE, EDGE + np.array([0.0, 4.0, 0.0]))])
THROTTLES = {  # published: throttle -> acceleration in m/s2 by speed in km/h
    1.0: {10: 6.8, 20: 6.1, 30: 5.4, 40: 4.7, 50: 4.1, 60: 3.6, 80: 2.7},
    0.7: {10: 2.9, 20: 2.6, 30: 2.3, 40: 2.1, 50: 1.8, 60: 1.6, 80: 1.3},
    0.5: {10: 1.0, 20: 0.7, 30: 0.4, 40: 0.3, 50: 0.2, 60: 0.2, 80: 0.5},
}
BRAKING = {40: 6.9, 50: 7.5, 60: 8.1, 70: 7.5, 80: 6.7}


class Street:
    """A flat street with bodies on it."""

    def __init__(self):
        self.table = BodyTable()
        self.contacts = np.zeros((MOST_CONTACTS, 4))
        self.tables = packed(standard_tables())

    def put(self, kind, x=0.0, y=0.0, *, size=(4.8, 1.9, 1.5), yaw=0.0, mass=1600.0, velocity=(0.0, 0.0)):
        row = self.table.append()
        body = self.table.rows[row]
        body["kind"], body["x"], body["y"], body["yaw"], body["mass"] = kind, x, y, yaw, mass
        body["half_length"], body["half_width"], body["half_height"] = (side / 2 for side in size)
        body["centre_z"] = size[2] / 2
        body["simulated"] = body["collides"] = body["falls"] = body["scale"] = 1.0
        physics.set_velocity(body, (*velocity, 0.0))
        body["last_vx"], body["last_vy"] = velocity
        return body

    def car(self, x=0.0, y=0.0, **options):
        return self.put(VEHICLE, x, y, **options)

    def child(self, x=0.0, y=0.0, **options):
        return self.put(WALKER, x, y, size=(0.3, 0.3, 1.1), mass=30.0, **options)

    def wall(self, x=0.0, y=0.0, **options):
        return self.put(PROP, x, y, mass=math.inf, **options)

    def tick(self, delta=0.05):
        found = physics.advance(
            self.table.rows,
            delta,
            physics.substeps(delta),
            GROUND.heights,
            GROUND.frame,
            NOTHING,
            NOWHERE,
            self.contacts,
            self.tables,
        )
        return self.contacts[:found]


def test_full_braking_from_50_kmh_takes_11_metres_and_1_35_seconds():
    street = Street()
    car = street.car(velocity=(50 * KMH, 0.0))
    car["brake"] = 1.0
    ticks = 0
    while car["vx"] > 0.0:
        street.tick(0.01)
        ticks += 1
    assert car["x"] == pytest.approx(11.0, rel=0.1)
    assert ticks * 0.01 == pytest.approx(1.35, rel=0.1)


@pytest.mark.parametrize(
    ("throttle", "speed", "expected"), [(t, s, a) for t, row in THROTTLES.items() for s, a in row.items()]
)
def test_acceleration_at_a_table_point_is_the_published_one(throttle, speed, expected):
    street = Street()
    car = street.car(velocity=(speed * KMH, 0.0))
    car["throttle"] = car["engine"] = throttle
    street.tick(0.01)
    assert car["ax"] == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("throttle", [0.5, 0.7, 1.0])
def test_a_standing_car_starts_with_the_published_acceleration(throttle):
    street = Street()
    car = street.car()
    car["throttle"] = car["engine"] = throttle
    street.tick(0.01)
    assert car["ax"] == pytest.approx({0.5: 1.4, 0.7: 3.3, 1.0: 7.6}[throttle], rel=0.1)


@pytest.mark.parametrize(("speed", "expected"), BRAKING.items())
def test_full_braking_at_a_table_point_is_the_published_one(speed, expected):
    street = Street()
    car = street.car(velocity=(speed * KMH, 0.0))
    car["brake"] = car["braking"] = 1.0
    street.tick(0.01)
    assert -car["ax"] == pytest.approx(expected, rel=0.1)


def test_near_standstill_any_brake_brakes_almost_fully():
    street = Street()
    car = street.car(velocity=(0.5, 0.0))
    car["brake"] = car["braking"] = 0.05
    street.tick(0.05)
    street.tick(0.05)
    assert car["vx"] == 0.0


def test_pedals_act_after_a_tenth_to_two_tenths_of_a_second():
    street = Street()
    car = street.car()
    car["throttle"] = 1.0
    for _ in range(15):
        street.tick(0.01)
    assert car["engine"] == pytest.approx(1 - math.exp(-1), abs=0.01)


def test_a_slow_car_turns_on_the_circle_of_the_kinematic_bicycle():
    street = Street()
    car = street.car(velocity=(1.0, 0.0))
    car["steer"] = car["wheel"] = 0.5
    street.tick(0.01)
    slip = math.atan(1.418 / 1.327 * math.tan(0.5 * 0.3685 * (1 - 0.102 * 3.6 / 20)))
    assert math.radians(car["wz"]) == pytest.approx(math.sin(slip) / REAR_AXLE * car["speed"], rel=0.02)


@pytest.mark.parametrize(("speed", "factor"), [(0.36, 1.0), (20, 0.898), (60, 0.76), (120, 0.70)])
def test_the_steering_angle_follows_the_published_curve(speed, factor):
    street = Street()
    car = street.car(velocity=(speed * KMH, 0.0))
    car["steer"] = car["wheel"] = 0.02
    street.tick(0.0001)
    slip = math.asin(math.radians(car["wz"]) * REAR_AXLE / car["speed"])
    angle = math.atan(1.327 / 1.418 * math.tan(slip))
    assert angle == pytest.approx(0.02 * 0.3685 * factor, rel=0.01)


def test_a_fast_car_cannot_turn_faster_than_its_tyres_allow():
    street = Street()
    car = street.car(velocity=(30.0, 0.0))
    car["steer"] = car["wheel"] = 1.0
    street.tick(0.01)
    assert math.radians(car["wz"]) * car["speed"] <= GRIP + 1e-9


def test_reverse_goes_backwards_and_the_hand_brake_holds():
    street = Street()
    car, held = street.car(), street.car(y=10.0)
    for body in (car, held):
        body["throttle"] = 0.7
        body["reverse"] = 1.0
    held["hand_brake"] = 1.0
    for _ in range(20):
        street.tick()
    assert car["vx"] < -2.0
    assert held["vx"] == 0.0


@pytest.mark.parametrize("speed", [1.4, 2.5])
def test_a_walker_reaches_its_control_speed_within_three_tenths_of_a_second(speed):
    street = Street()
    child = street.child()
    child["dir_y"], child["pace"] = -1.0, speed
    street.tick()
    assert -child["vy"] < speed
    for _ in range(5):
        street.tick()
    assert child["vy"] == pytest.approx(-speed)
    assert child["yaw"] == pytest.approx(-90.0)


def test_what_is_not_simulated_stays_where_it_is_put_whatever_hits_it():
    street = Street()
    van, car = street.car(10.0), street.car(velocity=(10.0, 0.0))
    van["simulated"] = 0.0
    van["throttle"] = 1.0
    for _ in range(20):
        street.tick()
    assert (van["x"], van["vx"]) == (10.0, 0.0)
    assert car["x"] + 2.4 <= 10.0 - 2.4 + 1e-6


@given(
    speed=st.floats(5.0, 200 * KMH),
    offset=st.floats(-1.0, 1.0),
    gap=st.floats(0.1, 3.0),
    delta=st.sampled_from([0.0125, 0.02, 0.05, 0.1]),
)
@settings(max_examples=60)
def test_nothing_tunnels_through_a_child_of_30_centimetres(speed, offset, gap, delta):
    street = Street()
    street.car(velocity=(speed, 0.0))
    child = street.child(2.4 + 0.15 + gap, offset)
    hits = [street.tick(delta) for _ in range(math.ceil((gap + 1.0) / (speed * delta)) + 2)]
    first = next(contacts for contacts in hits if len(contacts))
    assert first[0, :2].tolist() == [0, 1]
    assert first[0, 2] > 0.0
    assert child["fallen"] == 1.0


def test_a_thin_plate_at_200_kmh_is_met_where_it_stands():
    street = Street()
    bullet = street.car(size=(0.05, 0.05, 1.5), velocity=(200 * KMH, 0.0), mass=10.0)
    street.wall(5.0, size=(0.05, 2.0, 2.0))
    for _ in range(4):
        street.tick(0.1)
    assert bullet["x"] < 5.0


def test_the_impulse_is_the_reduced_mass_times_the_closing_speed():
    street = Street()
    street.car(velocity=(50 * KMH, 0.0))
    child = street.child(2.56)
    (contact,) = street.tick(0.0125)
    reduced = 1600 * 30 / (1600 + 30)
    assert contact[2] == pytest.approx((1 + RESTITUTION) * reduced * 50 * KMH, rel=0.01)
    assert contact[3] == pytest.approx(0.0, abs=1e-6)
    assert child["vx"] == pytest.approx(contact[2] / 30)


@given(
    speed=st.floats(1.0, 30.0),
    other=st.floats(-20.0, 0.5),
    mass=st.floats(20.0, 5000.0),
    aside=st.floats(-1.5, 1.5),
)
@settings(max_examples=60)
def test_a_collision_keeps_momentum_and_adds_no_energy(speed, other, mass, aside):
    street = Street()
    a = street.car(velocity=(speed, 0.0))
    b = street.car(4.81, aside, velocity=(other, 0.0), mass=mass)
    rows = street.table.rows
    moves = np.column_stack([rows["vx"], rows["vy"]]) * 0.0125

    def momentum():
        return np.array([a["vx"], a["vy"]]) * 1600 + np.array([b["vx"], b["vy"]]) * mass

    def energy():
        return 1600 * (a["vx"] ** 2 + a["vy"] ** 2) + mass * (b["vx"] ** 2 + b["vy"] ** 2)

    before, worth = momentum(), energy()
    physics.meet(rows, moves, 0.0125, street.contacts, 0)
    np.testing.assert_allclose(momentum(), before, rtol=1e-9, atol=1e-6)
    assert energy() <= worth * (1 + 1e-9)


def test_bodies_that_overlap_part_without_speed():
    street = Street()
    a, b = street.car(), street.car(4.0)
    for _ in range(20):
        street.tick()
    assert b["x"] - a["x"] >= 4.8 - 1e-6
    assert a["vx"] == b["vx"] == 0.0


def test_bodies_at_different_heights_pass():
    street = Street()
    street.car(velocity=(10.0, 0.0))
    bridge = street.wall(6.0)
    bridge["z"], bridge["falls"] = 5.0, 0.0
    assert not any(len(street.tick()) for _ in range(40))


def test_what_hangs_in_the_air_falls_to_the_road():
    street = Street()
    car = street.car()
    car["z"] = 1.0
    for _ in range(20):
        street.tick()
    assert (car["z"], car["vz"]) == (0.0, 0.0)


def test_the_same_scene_gives_the_same_bits():
    def crash():
        street = Street()
        street.car(velocity=(14.0, 0.3))["steer"] = 0.1
        street.child(12.0, 0.4)["dir_y"] = -1.0
        street.car(30.0, 1.0, yaw=170.0, velocity=(-5.0, 0.0))
        for _ in range(100):
            street.tick()
        return street.table.rows.tobytes()

    assert crash() == crash()
