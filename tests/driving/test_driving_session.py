"""Servers started, joined, refused and lost; a session that hides what is hidden."""

import dataclasses
import socket

import numpy as np
import pytest

from driving.control import Command
from driving.endpoint import connect
from driving.errors import DrivingError, ServerAbsent, ServerFailed
from driving.servers import serving
from driving.session import Session
from scenarios.catalogue import episodes_of
from sensors.camera import CameraSpec
from sensors.errors import SensorTimeout

pytest.importorskip("carla")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded")]

FRONT = CameraSpec(width=96, height=48, fov=80.0, forward=1.2, up=1.45, name="front")
HELDOUT = episodes_of("child_crossing", "heldout")
WITH_CHILD = next(s for s in (HELDOUT.draw(seed) for seed in range(100)) if s.walkers)
IDLE = Command(0.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def session():
    with serving("embedded") as endpoint:
        opened = Session(endpoint, HELDOUT, delta=0.1, cameras=(FRONT,))
        yield opened
        opened.close()


def test_the_picture_does_not_tell_whether_a_hidden_child_is_there(session):
    first = session.begin(WITH_CHILD)
    with_child = session.image("front")
    session.begin(dataclasses.replace(WITH_CHILD, walkers=()))
    np.testing.assert_array_equal(session.image("front"), with_child)
    assert first.child is not None
    assert not first.child_seen


def test_the_ego_starts_where_and_as_fast_as_the_scenario_says(session):
    now = session.begin(WITH_CHILD)
    assert now.ego.speed == pytest.approx(WITH_CHILD.start_speed, abs=0.3)
    assert now.ego.x == pytest.approx(WITH_CHILD.start + 0.1 * WITH_CHILD.start_speed, abs=0.2)
    assert now.offset == pytest.approx(0.0, abs=0.02)


def test_the_child_runs_once_the_ego_is_near(session):
    now = session.begin(WITH_CHILD)
    start = now.child.y
    for _ in range(200):
        now = session.advance(Command(0.6, 0.0, 0.0), steer=0.0, pedal=0.6)
        if now.child.y < start - 1.0:
            break
    walker = WITH_CHILD.walkers[0]
    assert now.child.velocity_y == pytest.approx(-walker.speed, rel=0.1)
    assert WITH_CHILD.line - now.front < walker.reveal_distance


def test_a_child_that_was_hit_stands_where_the_next_episode_wants_it(session):
    start = session.begin(WITH_CHILD).child
    struck = dataclasses.replace(WITH_CHILD, start=WITH_CHILD.line - 9.0, start_speed=10.0)
    session.begin(_in_the_lane(struck))
    for _ in range(8):
        now = session.advance(Command(0.6, 0.0, 0.0), steer=0.0, pedal=0.6)
    assert now.child.velocity_x > 3.0, "the car threw it"
    again = session.begin(WITH_CHILD).child
    assert (again.x, again.y) == (start.x, start.y)
    assert again.speed == 0.0


def test_a_picture_of_a_frame_that_never_comes_is_a_sensor_timeout(session):
    session.begin(WITH_CHILD)
    with pytest.raises(SensorTimeout, match="synchronous mode"):
        session.cameras["front"].frame(session.frame + 1, timeout=0.05)


def test_a_server_that_dies_is_one_clear_error():
    with serving("embedded") as endpoint:
        lost = Session(endpoint, HELDOUT, delta=0.1, cameras=(FRONT,))
        lost.begin(WITH_CHILD)
        lost._client.set_timeout(0.5)
    with pytest.raises(ServerFailed, match="stopped answering"):
        lost.advance(IDLE, steer=0.0, pedal=0.0)


def test_an_address_where_nothing_listens_names_the_remedy():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with (
        pytest.raises(ServerAbsent, match=f"127.0.0.1:{port}.*start one"),
        serving(f"127.0.0.1:{port}") as endpoint,
    ):
        connect(endpoint)


def test_a_server_name_that_is_no_address_names_the_choices():
    with pytest.raises(DrivingError, match=r"embedded, docker, .*HOST:PORT"), serving("somewhere"):
        pass


def _in_the_lane(drive):
    """The same drive with its child standing where the car will come."""
    (walker,) = drive.walkers
    placed = dataclasses.replace(walker.placed, y=drive.lane_centre)
    return dataclasses.replace(drive, walkers=(dataclasses.replace(walker, placed=placed, reach=0.0),))
