"""Servers started, joined, refused and lost; a session that hides what is hidden."""

import dataclasses
import socket

import numpy as np
import pytest

from driving.control import Command
from driving.endpoint import connect
from driving.errors import DrivingError, ServerAbsent, ServerFailed
from driving.movement import LATE
from driving.servers import serving
from driving.session import START_TICKS, Session
from scenarios.catalogue import episodes_of
from sensors.camera import CameraSpec
from sensors.errors import SensorTimeout

pytest.importorskip("carla")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded")]

FRONT = CameraSpec(width=96, height=48, fov=80.0, forward=1.2, up=1.45, name="front")
HELDOUT = episodes_of("child_crossing", "heldout")
WITH_CHILD = next(s for s in (HELDOUT.draw(seed) for seed in range(100)) if s.walkers)
IDLE = Command(0.0, 0.0, 0.0)


@pytest.fixture(scope="module", params=["ordered", "any order"])
def session(request):
    """On a server that carries out calls in their order, and on one that must be waited for."""
    with serving("embedded") as endpoint:
        assert endpoint.ordered, "the embedded server is known for it"
        endpoint = dataclasses.replace(endpoint, ordered=request.param == "ordered")
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
    picture, walker = session.image("front"), session._cast.of(WITH_CHILD.walkers[0].placed).actor.id
    struck = dataclasses.replace(WITH_CHILD, start=WITH_CHILD.line - 9.0, start_speed=10.0)
    session.begin(_in_the_lane(struck))
    for _ in range(8):
        now = session.advance(Command(0.6, 0.0, 0.0), steer=0.0, pedal=0.6)
    assert now.child.velocity_x > 3.0, "the car threw it"
    again = session.begin(WITH_CHILD).child
    assert (again.x, again.y) == (start.x, start.y)
    assert again.speed == 0.0
    # a real server's stays down, and is destroyed in the end: it is another one that looks the same
    assert session._cast.of(WITH_CHILD.walkers[0].placed).actor.id != walker
    np.testing.assert_array_equal(session.image("front"), picture)


def test_a_walker_that_vanished_is_spawned_anew(session):
    session.begin(WITH_CHILD)
    session._cast.of(WITH_CHILD.walkers[0].placed).actor.destroy()
    with pytest.raises(ServerFailed, match="is gone: did another client destroy it"):
        session.advance(IDLE, steer=0.0, pedal=0.0)
    walker = WITH_CHILD.walkers[0].placed
    assert session.begin(WITH_CHILD).child.x == pytest.approx(walker.x, abs=0.01)


def test_a_car_that_loses_its_first_speed_is_given_it_until_it_keeps_it(session, monkeypatch):
    right, asked = session._ego_speed, []

    def lost():
        """As where wheels at rest take 1 m/s from it, three times."""
        asked.append(True)
        return right() - (1.0 if len(asked) < 4 else 0.0)

    monkeypatch.setattr(session, "_ego_speed", lost)
    before = session.frame
    now = session.begin(WITH_CHILD)
    assert session.frame - before == 2 + 3
    assert now.ego.speed == pytest.approx(WITH_CHILD.start_speed, abs=0.3)
    assert now.ego.x == pytest.approx(WITH_CHILD.start + 0.1 * WITH_CHILD.start_speed, abs=0.2)
    assert now.offset == pytest.approx(0.0, abs=0.02)
    monkeypatch.setattr(session, "_ego_speed", lambda: 0.0)  # it never keeps it
    before = session.frame
    session.begin(WITH_CHILD)
    assert session.frame - before == 2 + START_TICKS


def test_walkers_of_a_server_that_lets_them_start_late_are_carried_along_their_way(
    session, caplog, monkeypatch
):
    """The server needs 0.3 s until a walker has its speed: too long for a target that has it at once."""
    monkeypatch.setattr(session._cast, "carried", False)
    (walker,) = WITH_CHILD.walkers
    sudden = dataclasses.replace(walker, punctual=True, acceleration_distance=1e-6, reveal_distance=np.inf)
    drive = dataclasses.replace(WITH_CHILD, walkers=(sudden,), start=WITH_CHILD.line - 60.0)
    farthest = []
    for _ in range(2):
        session.begin(drive)
        off = []
        for _ in range(12):
            now = session.advance(IDLE, steer=0.0, pedal=0.0)
            off.append(abs(now.child.y - walker.placed.y) - session.walked(0))
        farthest.append([abs(distance) for distance in off])
    assert max(farthest[0]) > LATE
    assert max(farthest[1]) < 0.06  # what it accelerates by within one tick, which nobody can know before
    assert max(farthest[1][6:]) < 0.002
    assert now.child.velocity_y == pytest.approx(-walker.speed)
    assert now.child.x == pytest.approx(walker.placed.x)
    assert caplog.text.count("start late") == 1


def test_who_is_hit_at_once_has_not_started_late(session, monkeypatch):
    monkeypatch.setattr(session._cast, "carried", False)
    drive = _in_the_lane(dataclasses.replace(WITH_CHILD, start=WITH_CHILD.line - 5.0, start_speed=10.0))
    walker = dataclasses.replace(drive.walkers[0], reach=6.0, speed=3.0, reveal_distance=np.inf)
    session.begin(dataclasses.replace(drive, walkers=(walker,)))
    touched = [session.advance(Command(0.6, 0.0, 0.0), steer=0.0, pedal=0.6).collided_with for _ in range(12)]
    assert "child" in touched[:5]
    assert not session._cast.carried


def test_a_server_that_keeps_no_order_is_waited_for_and_drives_the_same(session):
    """CARLA may take up what is not answered only after the tick."""

    def driven():
        session.begin(WITH_CHILD)
        nows = [
            session.advance(Command(0.01 * (step % 7), 0.0, 0.1), steer=0.1, pedal=0.0) for step in range(40)
        ]
        return [(now.ego, now.child) for now in nows]

    found = driven()
    session._ordered = not session._ordered
    try:
        assert driven() == found
    finally:
        session._ordered = not session._ordered


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
