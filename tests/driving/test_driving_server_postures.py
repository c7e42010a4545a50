"""Doors that clients open and bones that they pose show in pictures, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest
from ticking import waiting_world

from driving.server.bones import bone_poses
from driving.server.calls import Desk, answer
from driving.server.cameras import Studio
from driving.server.render import Camera, render
from driving.server.structs import pose_struct
from driving.server.wire import VOID

CAR, VAN, CHILD = "vehicle.lincoln.mkz_2017", "vehicle.mercedes.sprinter", "walker.pedestrian.0011"
CAMERA = Camera(240, 180, 60.0)
LEVEL = (0.0, 0.0, 0.0)
LEFT, RIGHT, HOOD, TAIL, ALL = (0, 2), (1, 3), 4, 5, 6


class Shop:
    """A world, its calls and its pictures."""

    def __init__(self) -> None:
        self.world = waiting_world(delta=0.05)
        self.studio = Studio(self.world)
        self.desk = Desk(self.world, 0, None, self.world.tick)  # type: ignore[arg-type]  # no rays here

    def put(self, blueprint, z=0.0, yaw=0.0):
        actor = self.world.spawn(blueprint, {}, ((60.0, 1.75, z), (0.0, yaw, 0.0)))
        for _ in range(20):
            self.world.tick()
        return actor

    def call(self, name, *arguments):
        assert answer(self.desk, name, arguments) == VOID

    def look(self, eye=(60.0, 1.75, 12.0), turn=(-90.0, 0.0, 0.0)):
        return render(self.studio.scene(), CAMERA, eye, turn)


@pytest.fixture
def shop():
    return Shop()


def columns(frame, actor):
    return np.nonzero((frame.instance == actor.id).any(axis=0))[0]


@pytest.mark.parametrize("blueprint", [CAR, VAN])
def test_side_doors_stand_out_on_their_side_and_closed_ones_leave_no_trace(shop, blueprint):
    car = shop.put(blueprint)
    closed = shop.look()
    for doors, out in ((LEFT, -1), (RIGHT, 1)):
        for door in doors:
            shop.call("open_vehicle_door", car.id, door)
            opened = columns(shop.look(), car)
            before = columns(closed, car)
            # Leaves of 0.85 m or more, 60 degrees open, reach 0.5 m or more beyond the mirrors; seen from
            # 12 m above the ground, right is y, with a focal length of 208 px.
            grown = (before.min() - opened.min(), opened.max() - before.max())
            assert grown[0 if out < 0 else 1] > 0.45 * 208 / 12
            assert grown[1 if out < 0 else 0] == 0
            shop.call("close_vehicle_door", car.id, door)
            again = shop.look()
            np.testing.assert_array_equal(again.bgra, closed.bgra)


@pytest.mark.parametrize("door", [HOOD, TAIL])
def test_hood_and_lid_rise(shop, door):
    car = shop.put(CAR)

    def size():
        return (shop.look((60.0, -6.0, 1.2), (0.0, 90.0, 0.0)).instance == car.id).sum()  # px, from its side

    low = size()
    shop.call("open_vehicle_door", car.id, door)
    assert size() > low + 10  # a lid of 0.4 m or more and 4.5 cm thick, raised by 50 degrees 7 m away
    shop.call("close_vehicle_door", car.id, ALL)
    assert size() == low


def test_doors_are_hung_where_the_bones_say(shop):
    car = shop.put(CAR)
    shop.call("open_vehicle_door", car.id, ALL)
    shop.studio.scene()
    bones = {bone.name: bone for bone in bone_poses(car, shop.world.body(car.id))}
    left, right = bones["Door_Front_Left"].relative, bones["Door_Front_Right"].relative
    assert left[1] == (0.0, 60.0, 0.0)  # turned clockwise seen from above, so that it stands out to the left
    assert right[1] == (0.0, -60.0, 0.0)
    assert left[0][1] == pytest.approx(-right[0][1])
    assert left[0][0] > bones["Door_Rear_Left"].relative[0][0]


def raise_arm(shop, child):
    relative = {bone.name: bone.relative for bone in bone_poses(child, shop.world.body(child.id))}
    place, _ = relative["crl_arm__R"]
    shop.call("set_bones_transform", child.id, [[["crl_arm__R", pose_struct((place, (170.0, 0.0, 0.0)))]]])


def test_a_raised_arm_shows_when_the_pose_does_and_only_then(shop):
    child = shop.put(CHILD, z=1.0, yaw=180.0)
    eye = (56.0, 1.75, 1.0)
    standing = shop.look(eye, LEVEL)
    raise_arm(shop, child)
    np.testing.assert_array_equal(shop.look(eye, LEVEL).bgra, standing.bgra)  # set, not shown
    shop.call("blend_pose", child.id, 1.0)
    raised = shop.look(eye, LEVEL)
    top = [np.nonzero((frame.instance == child.id).any(axis=1))[0].min() for frame in (standing, raised)]
    # The hand reaches 0.25 heights of 1.1 m above the shoulder, the head 0.24: the arm is beside it, so that
    # the figure changes where its right arm hung.
    changed = (standing.instance == child.id) != (raised.instance == child.id)
    assert changed.sum() > 60
    assert top[1] <= top[0] + 2
    shop.call("blend_pose", child.id, 0.0)
    np.testing.assert_array_equal(shop.look(eye, LEVEL).bgra, standing.bgra)


def test_a_posed_walker_that_goes_leaves_its_meshes_to_the_next(shop):
    stage = shop.studio.scene().stage
    sizes = []
    for _ in range(3):
        child = shop.put(CHILD, z=1.0)
        raise_arm(shop, child)
        shop.call("blend_pose", child.id, 1.0)
        shop.look()
        sizes.append(len(stage.geometry.spans))
        shop.world.destroy(child.id)
        shop.look()
    assert sizes[1] == sizes[2]
