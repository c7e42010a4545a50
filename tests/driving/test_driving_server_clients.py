"""Clients that come, go, die, sleep and return, and a server that does."""

from __future__ import annotations

import contextlib
import math
import signal
import socket
import struct
import subprocess
import sys

import msgpack
import pytest

from driving.server.attendance import Attendance

SERVE = [sys.executable, "-m", "driving.cli", "serve"]
PATIENCE = 240.0  # s; the very first start compiles the renderer
SYNCHRONOUS = [True, False, [True, 0.05]]


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_only_the_time_without_clients_counts():
    clock = Clock()
    attendance = Attendance(10.0, clock)
    clock.now = 4.0
    assert attendance.patience() == 6.0
    attendance.enter()
    attendance.enter()
    clock.now = 100.0
    assert attendance.patience() == math.inf
    assert not attendance.leave()
    assert attendance.patience() == math.inf
    assert attendance.leave()
    clock.now = 109.0
    assert attendance.patience() == 1.0
    clock.now = 111.0
    assert attendance.patience() == 0.0


def test_a_server_without_a_limit_waits_for_ever():
    assert Attendance(None, Clock()).patience() == math.inf


def start(*options, port=0):
    process = subprocess.Popen(
        [*SERVE, "--port", str(port), *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    ready = process.stdout.readline()
    assert ready.startswith("ready "), "the server did not start"
    return process, int(ready.rpartition(":")[2])


@pytest.fixture(scope="module")
def server():
    """One for all tests: it begins anew whenever a test's last socket is closed."""
    process, port = start("--exit-with-stdin", "--reset-when-empty")
    yield process, port
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    process.communicate()


class Caller:
    """A client of the calls: one socket, one question at a time."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._unpacker = msgpack.Unpacker(raw=False, max_buffer_size=1 << 28)

    def ask(self, method, *arguments):
        self.sock.sendall(msgpack.packb([0, 1, method, [[False], *arguments]]))
        while True:
            for _, _, error, result in self._unpacker:
                assert error is None
                return result[0][1] if result[0][0] == 1 else result
            data = self.sock.recv(1 << 16)
            assert data, "the server closed the connection"
            self._unpacker.feed(data)

    def world_stream(self):
        """The stream of the world's states."""
        _, (token,) = self.ask("get_episode_info")
        return struct.unpack_from("<I", token)[0]

    def listen(self, stream):
        """Subscribe; returns the socket."""
        (token,) = self.ask("get_sensor_token", stream)
        sock = socket.create_connection(
            ("127.0.0.1", struct.unpack_from("<H", token, 4)[0]), timeout=PATIENCE
        )
        sock.sendall(struct.pack("<I", stream))
        return sock

    def spawn(self, name, x, **values):
        attributes = [
            [key, 4, str(value)]
            for definition in self.ask("get_actor_definitions")
            if definition[1] == name
            for key, value in {**{a[0]: a[2] for a in definition[3]}, **values}.items()
        ]
        pose = [[x, 1.75, 0.3], [0.0, 0.0, 0.0]]
        return self.ask("spawn_actor", [0, name, attributes], pose)

    def actors(self):
        """How many there are, read from the state that a new listener is sent."""
        with self.listen(self.world_stream()) as sock:
            return (len(read_message(sock)) - 48 - 36) // 119


def read_message(sock):
    (length,) = struct.unpack("<I", read(sock, 4))
    return read(sock, length)


def read(sock, count):
    parts = []
    while count:
        part = sock.recv(min(count, 1 << 20))
        assert part, "the stream ended"
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def read_on(sock):
    while True:
        read_message(sock)


def frame_of(message):
    return struct.unpack_from("<Q", message, 8)[0]


@pytest.mark.slow
def test_a_server_that_nobody_uses_ends():
    process, _ = start("--idle-exit", "0.2")
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


@pytest.mark.slow
def test_when_the_last_client_is_gone_the_world_begins_anew(server):
    _, port = server
    first, second = Caller(port), Caller(port)
    empty = first.actors()
    first.ask("set_episode_settings", SYNCHRONOUS)
    first.spawn("vehicle.tesla.model3", 20.0)
    first.ask("tick_cue")
    first.sock.close()
    assert second.actors() == empty + 1  # as in CARLA: actors outlive their client
    second.sock.close()
    third = Caller(port)
    assert third.actors() == empty
    assert third.ask("get_episode_settings")[0] is False


@pytest.mark.slow
def test_a_client_that_does_not_read_its_stream_is_let_go_and_the_others_miss_nothing(server):
    _, port = server
    driver, sleeper = Caller(port), Caller(port)
    driver.ask("set_episode_settings", SYNCHRONOUS)
    camera = driver.spawn("sensor.camera.depth", 20.0, image_size_x=1600, image_size_y=1200)
    (stream,) = struct.unpack_from("<I", camera[5])
    asleep, awake = sleeper.listen(stream), driver.listen(stream)
    for _ in range(12):  # 7.7 MB each
        frame = driver.ask("tick_cue")
        assert frame_of(read_message(awake)) == frame
    with pytest.raises((AssertionError, ConnectionResetError)):
        read_on(asleep)
    assert sleeper.ask("version") == "0.9.16"


@pytest.mark.slow
def test_a_killed_client_leaves_the_others_alone(server):
    process, port = server
    driver = Caller(port)
    driver.ask("set_episode_settings", SYNCHRONOUS)
    script = (
        "import socket, sys, time\n"
        f"calls = socket.create_connection(('127.0.0.1', {port}))\n"
        "calls.sendall(bytes.fromhex('940001a776657273696f6e9191c2' '940002a874'))\n"  # a call and a half
        "calls.recv(100)\n"
        "print('there', flush=True)\n"
        "time.sleep(600)\n"
    )
    victim = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert victim.stdout.readline() == "there\n"
    before = driver.ask("tick_cue")
    victim.kill()
    victim.communicate()
    assert [driver.ask("tick_cue") for _ in range(3)] == [before + 1, before + 2, before + 3]
    assert process.poll() is None


@pytest.mark.slow
def test_a_traffic_manager_is_forgotten_with_its_own_client_only(server):
    _, port = server
    one, other = Caller(port), Caller(port)
    one.ask("add_traffic_manager_running", ["10.0.0.1", 8000])
    other.ask("add_traffic_manager_running", ["10.0.0.2", 8010])
    other.sock.close()
    while one.ask("is_traffic_manager_running", 8010):
        pass
    assert one.ask("is_traffic_manager_running", 8000)


@pytest.mark.slow
def test_a_client_of_a_killed_server_gets_a_clean_error_and_a_new_one_finds_the_next_server():
    carla = pytest.importorskip("carla")
    process, port = start("--exit-with-stdin")
    client = carla.Client("127.0.0.1", port)
    client.set_timeout(PATIENCE)
    world = client.get_world()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    client.set_timeout(0.5)
    with pytest.raises(RuntimeError, match="time-out"):
        world.get_settings()
    process, _ = start("--exit-with-stdin", port=port)
    again = carla.Client("127.0.0.1", port)
    again.set_timeout(PATIENCE)
    assert len(again.get_world().get_map().get_spawn_points()) > 0
    del again, world, client
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
