"""Walkers jump, are knocked over and have bones."""

from __future__ import annotations

import math

import numpy as np
import pytest
from ticking import waiting_world

from driving.server import commands, handling
from driving.server.bones import bone_poses, keep_animation
from driving.server.frames import matrix, pose_of
from driving.server.gait import JUMP_SPEED, THICKNESS

CHILD, ADULT = "walker.pedestrian.0011", "walker.pedestrian.0001"
DELTA = 0.05


@pytest.fixture
def world():
    return waiting_world(delta=DELTA)


def spawn(world, blueprint=CHILD, *, x=24.0, yaw=0.0, invincible="false"):
    actor = world.spawn(blueprint, {"is_invincible": invincible}, ((x, 1.75, 0.95), (0.0, yaw, 0.0)))
    for _ in range(20):  # until it stands
        world.tick()
    return actor


def hit(world, speed=10.0):
    """Drive a car into what stands at 24 m and let everything come to rest."""
    car = world.spawn("vehicle.lincoln.mkz_2017", {}, ((19.0, 1.75, 0.0), (0.0, 0.0, 0.0)))
    handling.set_velocity(world, car.id, (speed, 0.0, 0.0))
    commands.drive(world, car.id, (0.0, 0.0, 1.0, False, False, False, 0))
    for _ in range(80):
        world.tick()


@pytest.mark.parametrize("speed", [0.0, 1.5, 2.8])
def test_a_walker_accelerates_to_stand_walk_and_run(world, speed):
    child = spawn(world)
    commands.walk(world, child.id, (0.0, 1.0, 0.0), speed)
    speeds = []
    for _ in range(12):
        world.tick()
        speeds.append(float(world.body(child.id)["vy"]))
    assert speeds == sorted(speeds)
    assert speeds[-1] == pytest.approx(speed)
    assert max(np.diff([0.0, *speeds])) <= 10.0 * DELTA + 1e-9


def test_a_jump_rises_as_high_as_its_speed_lifts_it(world):
    child = spawn(world)
    ground = float(world.body(child.id)["z"])
    commands.walk(world, child.id, (1.0, 0.0, 0.0), 0.0, jump=True)
    heights = []
    for _ in range(12):
        world.tick()
        heights.append(float(world.body(child.id)["z"]) - ground)
    commands.walk(world, child.id, (1.0, 0.0, 0.0), 0.0)
    assert max(heights) == pytest.approx(JUMP_SPEED**2 / (2 * 9.81), rel=0.1)
    for _ in range(20):
        world.tick()
    assert world.body(child.id)["z"] == pytest.approx(ground)


@pytest.mark.parametrize(("yaw", "pitch"), [(0.0, -90.0), (180.0, 90.0)])
def test_who_is_knocked_over_lies_with_its_head_where_the_blow_sent_it(world, yaw, pitch):
    child = spawn(world, yaw=yaw)
    tall = float(world.body(child.id)["half_height"])
    hit(world)
    body = world.body(child.id)
    assert body["pitch"] == pytest.approx(pitch)
    assert body["half_length"] == pytest.approx(tall)
    assert body["half_height"] == pytest.approx(THICKNESS)
    assert body["z"] == pytest.approx(THICKNESS, abs=1e-6)
    place = float(body["x"])
    commands.walk(world, child.id, (1.0, 0.0, 0.0), 2.0, jump=True)
    for _ in range(20):
        world.tick()
    assert world.body(child.id)["x"] == place
    head = next(bone for bone in bone_poses(child, body) if bone.name == "crl_Head__C")
    assert head.world[0][0] > place + 0.2


def test_placed_anew_it_stands_and_walks(world):
    child = spawn(world)
    tall = float(world.body(child.id)["half_height"])
    hit(world)
    handling.teleport(world, child.id, (60.0, 1.75, tall), (0.0, 0.0, 0.0))
    commands.walk(world, child.id, (1.0, 0.0, 0.0), 1.0)
    for _ in range(20):
        world.tick()
    body = world.body(child.id)
    assert (body["half_height"], body["pitch"]) == (tall, 0.0)
    assert body["x"] > 60.8


def test_who_is_invincible_is_pushed_and_goes_on(world):
    child = spawn(world, invincible="true")
    hit(world)
    body = world.body(child.id)
    assert (body["pitch"], body["fallen"], body["vx"]) == (0.0, 0.0, 0.0)
    assert body["x"] > 25.0
    commands.walk(world, child.id, (0.0, 1.0, 0.0), 1.0)
    for _ in range(20):
        world.tick()
    assert world.body(child.id)["vy"] == pytest.approx(1.0)


def poses(world, actor):
    return {bone.name: bone for bone in bone_poses(actor, world.body(actor.id))}


@pytest.mark.parametrize("blueprint", [CHILD, ADULT])
def test_a_walker_at_rest_stands_with_its_feet_on_the_ground_and_its_head_up(world, blueprint):
    walker = spawn(world, blueprint, yaw=90.0)
    bones = poses(world, walker)
    assert len(bones) == 66
    height = walker.blueprint.size[2]
    ground = float(world.body(walker.id)["z"]) - height / 2
    assert bones["crl_root"].world[0] == pytest.approx((24.0, 1.75, ground))
    assert 0.8 * height < bones["crl_Head__C"].world[0][2] - ground < height
    assert 0.0 < bones["crl_foot__L"].component[0][2] < 0.06 * height
    assert bones["crl_arm__R"].component[0][1] == -bones["crl_arm__L"].component[0][1] > 0.0
    assert bones["crl_arm__R"].world[0][0] < 24.0  # facing +y, the right is at -x


def test_every_bones_world_pose_is_its_parents_and_its_own(world):
    walker = spawn(world, yaw=30.0)
    commands.walk(world, walker.id, (0.3, 1.0, 0.0), 1.5)
    for _ in range(9):
        world.tick()
    bones = poses(world, walker)
    shin, thigh = bones["crl_leg__L"], bones["crl_thigh__L"]
    joined = pose_of(matrix(thigh.world) @ matrix(shin.relative))
    assert joined[0] == pytest.approx(shin.world[0])
    left, right = (bones[f"crl_thigh__{side}"].relative[1][0] for side in "LR")
    assert abs(left - right) > 10.0  # walking
    length = math.dist(shin.world[0], thigh.world[0])
    assert length == pytest.approx((0.470 - 0.255) * walker.blueprint.size[2])


def test_a_pose_blends_between_the_gait_and_what_was_set(world):
    walker = spawn(world)
    raised = ((0.0, 0.1, 0.0), (170.0, 0.0, 0.0))
    walker.posed = {"crl_arm__R": raised}
    before = poses(world, walker)["crl_arm__R"].relative
    assert before[1] == pytest.approx((0.0, 0.0, 0.0))
    walker.blend = 1.0
    assert poses(world, walker)["crl_arm__R"].relative == raised
    walker.blend = 0.5
    assert poses(world, walker)["crl_arm__R"].relative[1] == pytest.approx((85.0, 0.0, 0.0))
    keep_animation(walker, world.body(walker.id))
    walker.blend = 1.0
    assert poses(world, walker)["crl_arm__R"].relative == before


def test_a_cars_front_wheels_turn_where_its_physics_control_has_them(world):
    car = world.spawn("vehicle.lincoln.mkz_2017", {}, ((60.0, 1.75, 0.0), (0.0, 0.0, 0.0)))
    world.body(car.id)["wheel"] = 0.5
    bones = poses(world, car)
    assert bones["Wheel_Front_Left"].relative[1] == (0.0, 35.0, 0.0)
    assert bones["Wheel_Rear_Left"].relative[1] == (0.0, 0.0, 0.0)
    assert bones["Wheel_Front_Right"].world[0][0] == pytest.approx(60.0 + 0.3 * car.blueprint.size[0])
