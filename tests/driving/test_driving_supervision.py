"""Servers that are killed, stopped, slow, leaking, mute or garbled: an episode is lost, no more."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from embedded_servers import embedded_servers

from driving.cast import ROLE
from driving.control import Command
from driving.drivers import privileged
from driving.endpoint import Endpoint, answered_version, answered_world
from driving.errors import DrivingError, ServerAbsent, ServerDied, ServerFailed, ServerHung, ServerLost
from driving.process_server import ProcessServer, launcher
from driving.servers import EMBEDDED, RunningServer, server_named
from driving.session import Session
from driving.supervision import Limits, Supervisor
from driving.watch import Watch
from scenarios.catalogue import episodes_of
from sensors.camera import CameraSpec

carla = pytest.importorskip("carla")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded")]

SICK = (sys.executable, str(Path(__file__).with_name("sick_server.py")))
GONE = 20.0  # s that a killed process may take to be gone
TINY = CameraSpec(width=16, height=8, fov=80.0, forward=1.2, up=1.45, name="front")
HELDOUT = episodes_of("child_crossing", "heldout")
SCENARIO = HELDOUT.draw(3)
BRAKE = Command(0.0, 1.0, 0.0)


def make_env(**keywords):
    return gymnasium.make(
        "driving.registration:driving/ChildCrossing-v0",
        suite="heldout", scripted_expert="privileged", image_width=16, image_height=8, **keywords,
    )  # fmt: skip


def supervisor_of(server, **limits):
    def session(endpoint):
        return Session(endpoint, HELDOUT, delta=0.1, cameras=(TINY,))

    return Supervisor(server, session, limits=Limits(**{"start": 120.0, **limits}))


def drive(supervised, *, steps):
    supervised.begin(lambda session: session.begin(SCENARIO))
    for _ in range(steps):
        supervised.call(lambda session: session.advance(BRAKE, steer=0.0, pedal=-1.0))
    supervised.finish()


@pytest.fixture
def servers():
    """Tells which embedded servers the test has started: other tests' may still run."""
    others = {server.pid for server in embedded_servers()}
    return lambda: [server for server in embedded_servers() if server.pid not in others]


def episode(env, seed):
    """An episode's observations and its last info."""
    observation, _ = env.reset(seed=seed)
    seen = [observation]
    while True:
        observation, _, terminated, truncated, info = env.step(privileged(env.unwrapped.snapshot))
        seen.append(observation)
        if terminated or truncated:
            return seen, info


def test_a_killed_server_ends_the_episode_without_blame_and_the_next_one_is_as_ever(servers):
    env = make_env()
    try:
        before, _ = episode(env, 3)
        env.reset(seed=4)
        observation, *_ = env.step(np.zeros(2, np.float32))
        (server,) = servers()
        server.kill()
        lost, reward, terminated, truncated, info = env.step(np.zeros(2, np.float32))
        assert (reward, terminated, truncated) == (0.0, False, True)
        assert (info["outcome"], info["restart_cause"]) == ("server_restarted", "died")
        assert info["expert_action"].shape == (2,)
        for key, value in observation.items():
            np.testing.assert_array_equal(lost[key], value)
        with pytest.raises(gymnasium.error.ResetNeeded):
            env.unwrapped.step(np.zeros(2, np.float32))
        after, info = episode(env, 3)
        assert info["outcome"] == "arrived"
        assert env.unwrapped.faults == {"died": 1}
        for one, other in zip(before, after, strict=True):
            np.testing.assert_array_equal(one["image"], other["image"])
            np.testing.assert_array_equal(one["state"], other["state"])
    finally:
        env.close()
    assert servers() == []


def test_a_server_that_is_stopped_is_killed_when_its_tick_is_overdue(servers):
    supervised = supervisor_of(server_named("embedded"), tick=0.5)
    try:
        supervised.begin(lambda session: session.begin(SCENARIO))
        (server,) = servers()
        server.suspend()
        with pytest.raises(ServerLost, match=r"server restarted, hung: .*no answer for 0.5 s"):
            supervised.call(lambda session: session.advance(BRAKE, steer=0.0, pedal=-1.0))
        server.wait(GONE)
        with pytest.raises(ServerLost):  # of the same episode
            supervised.call(lambda session: session.image("front"))
        drive(supervised, steps=1)
        assert supervised.restarts == {"hung": 1}
    finally:
        supervised.close()
    assert servers() == []


@pytest.mark.parametrize(
    ("fault", "cause", "limits"),
    [
        ("slow", "slow", {"slow": 0.05}),
        ("leaking", "memory", {"megabytes": 800}),
        ("well", "episodes", {"episodes": 1}),
    ],
)
def test_a_server_that_is_worn_out_is_recycled_between_episodes(fault, cause, limits):
    supervised = supervisor_of(ProcessServer(launcher((*SICK, fault)), start_limit=120.0), **limits)
    try:
        drive(supervised, steps=20 if fault == "leaking" else 5)
        assert supervised.restarts == {}
        supervised.begin(lambda session: session.begin(SCENARIO))
        assert supervised.restarts == {cause: 1}
    finally:
        supervised.close()


def test_a_server_that_is_not_ready_in_time_or_ends_says_its_last_lines():
    with pytest.raises(ServerFailed, match="not ready after 2 s: it said nothing"):
        ProcessServer(launcher((*SICK, "mute")), start_limit=2.0).start()
    with pytest.raises(ServerFailed, match=r"ended with code 1: first line \| no Vulkan adapter was found"):
        supervisor_of(ProcessServer(launcher((*SICK, "broken")), start_limit=60.0)).begin(
            lambda session: None
        )


def test_a_server_that_does_not_come_up_again_is_given_up(tmp_path):
    server = ProcessServer(launcher((*SICK, "once", str(tmp_path / "started"))), start_limit=60.0)
    supervised = supervisor_of(server, attempts=3, pause=0.01)
    supervised.begin(lambda session: session.begin(SCENARIO))
    os.kill(server.pid, signal.SIGKILL)
    with pytest.raises(ServerLost):
        supervised.call(lambda session: session.advance(BRAKE, steer=0.0, pedal=-1.0))
    with pytest.raises(ServerFailed, match=r"gave up after 3 failures in a row.*the second start fails"):
        supervised.begin(lambda session: session.begin(SCENARIO))
    assert supervised.restarts == {"died": 1, "start": 3}
    supervised.close()


def test_somebody_elses_server_is_waited_for_and_never_stopped():
    theirs = server_named("embedded")
    endpoint = theirs.start()
    supervised = supervisor_of(RunningServer(endpoint), pause=0.2, attempts=12)
    try:
        drive(supervised, steps=1)
        os.kill(theirs.pid, signal.SIGKILL)
        with pytest.raises(ServerLost):
            supervised.call(lambda session: session.advance(BRAKE, steer=0.0, pedal=-1.0))
        again = [str(endpoint.port) if word == "0" else word for word in EMBEDDED]
        theirs.stop(graceful=False)
        theirs = ProcessServer(launcher(again), start_limit=120.0)
        starting = threading.Thread(target=theirs.start)
        starting.start()
        drive(supervised, steps=1)
        starting.join()
        assert supervised.restarts["died"] == 1
        supervised.close()
        assert answered_version(endpoint) == "0.9.16"
    finally:
        theirs.stop(graceful=True)


def test_a_shared_server_is_left_as_it_was_found_and_others_actors_are_left_alone(client_of):
    shared = server_named("embedded")
    endpoint = shared.start()
    try:
        first = Session(endpoint, HELDOUT, delta=0.1, cameras=(TINY,))
        first.begin(SCENARIO)
        first.abandon()  # as if its process had been killed: its actors and its settings stay
        del first
        client = client_of(endpoint.host, endpoint.port)
        world = client.get_world()
        assert world.get_settings().synchronous_mode
        blueprint = world.get_blueprint_library().find("vehicle.audi.tt")
        theirs = world.spawn_actor(blueprint, carla.Transform(carla.Location(400.0, 0.0, 1.0)))
        second = Session(endpoint, HELDOUT, delta=0.1, cameras=(TINY,))
        second.begin(SCENARIO)
        ours = [a for a in world.get_actors() if a.attributes.get("role_name") == ROLE]
        second.close()
        assert not world.get_settings().synchronous_mode
        world.wait_for_tick()
        left = {actor.id for actor in world.get_actors()}
        assert theirs.id in left
        assert not left & {actor.id for actor in ours}
    finally:
        shared.stop(graceful=True)


@pytest.mark.parametrize("street", ["the episodes'", "another"])
def test_settings_and_weather_that_somebody_chose_come_back(client_of, street):
    shared = server_named("embedded")
    endpoint = shared.start()
    try:
        client = client_of(endpoint.host, endpoint.port)
        world = client.get_world()
        if street == "another":
            opendrive = episodes_of("crossing_bends", "heldout").street.opendrive
            world = client.generate_opendrive_world(opendrive, carla.OpendriveGenerationParameters())
        chosen, weather = world.get_settings(), carla.WeatherParameters.HardRainNoon
        chosen.synchronous_mode, chosen.fixed_delta_seconds = True, 0.02
        world.apply_settings(chosen)
        world.set_weather(weather)
        supervised = supervisor_of(RunningServer(endpoint))
        drive(supervised, steps=1)
        supervised.close()
        assert client.get_world().get_settings() == chosen
        assert client.get_world().get_weather() == weather
    finally:
        shared.stop(graceful=True)


GARBAGE = [
    (b"HTTP/1.1 400 Bad Request\r\n\r\n", "no CARLA server"),
    (b"", "closed the connection"),
    (b"\xdd\xff\xff\xff\xff" + b"\x00" * 64, "no CARLA server"),
    (b"\x91" * 3000, "no CARLA server"),
    (b"\x94\x01\x01\xc0\x91\x92\x00\x91\xa4oops", "the call `version` failed: oops"),
    (b"\x94\x01\x01\xc0\x91\x92\x01\x07", "its version is no text: 7"),
]


@contextlib.contextmanager
def answering(*answers):
    """Where somebody gives these answers, each to a connection of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer_all():
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(64)
                    connection.sendall(answer)

        thread = threading.Thread(target=answer_all)
        thread.start()
        yield Endpoint("127.0.0.1", listener.getsockname()[1])
        thread.join()


@pytest.mark.parametrize(("answer", "reason"), GARBAGE)
def test_a_port_that_answers_garbage_is_no_server(answer, reason):
    with (
        answering(answer) as endpoint,
        pytest.raises(ServerAbsent, match=rf"{endpoint.port} .*{reason}.*start one"),
    ):
        supervisor_of(RunningServer(endpoint)).begin(lambda session: None)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (
            b"\x94\x01\x01\xc0\x91\x92\x00\x91\xb1episode not ready",
            "get_episode_info` failed: episode not ready",
        ),
        (b"", "closed the connection"),
    ],
)
def test_a_version_alone_is_no_world(answer, reason):
    version = b"\x94\x01\x01\xc0\x91\x92\x01\xa60.9.16"
    with answering(version, answer) as endpoint, pytest.raises(ServerAbsent, match=reason):
        answered_world(endpoint)


def test_a_server_of_somebody_else_that_stays_away_is_not_waited_for_without_end():
    theirs = server_named("embedded")
    shared = RunningServer(theirs.start(), start_limit=0.0)
    try:
        shared.start()
    finally:
        theirs.stop(graceful=True)
    with pytest.raises(DrivingError, match=r"did not come again in 0 s \(limits.start\)"):
        shared.start()


def test_an_open_port_that_says_nothing_is_no_server():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint = Endpoint("127.0.0.1", listener.getsockname()[1])
        with pytest.raises(ServerAbsent, match="no answer to the call `version`"):
            answered_version(endpoint, timeout=0.1)


def test_a_late_answer_is_never_taken_for_the_next_one():
    watch, gate = Watch(lambda: True), threading.Event()
    with pytest.raises(ServerHung):
        watch(lambda: gate.wait() and "late", limit=0.0)
    gate.set()
    assert watch(lambda: "next", limit=60.0) == "next"
    with pytest.raises(ZeroDivisionError):
        watch(lambda: 1 / 0, limit=60.0)
    watch.end()


def test_a_call_to_a_dead_server_is_not_waited_for():
    watch, gate = Watch(lambda: False), threading.Event()
    with pytest.raises(ServerDied):
        watch(gate.wait, limit=1e9)
    gate.set()
    watch.end()


def test_limits_and_servers_are_named_in_refusals():
    with pytest.raises(ValueError, match=r"unknown limit 'ram'; choose from: start, begin"):
        Limits.of({"ram": 3})
    with pytest.raises(ValueError, match=r"limits.attempts is a number of at least 1, got 0"):
        Limits.of({"attempts": 0})
    with pytest.raises(DrivingError, match=r"unknown server 'docker@x'; use embedded, docker"):
        server_named("docker@x")
