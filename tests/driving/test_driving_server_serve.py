"""The server as a process: what it says, what it survives, how it ends."""

from __future__ import annotations

import contextlib
import select
import signal
import socket
import struct
import subprocess
import sys
import time

import msgpack
import pytest

SERVE = [sys.executable, "-m", "driving.cli", "serve"]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded")]
PATIENCE = 120.0  # s; the very first start compiles the renderer


class Process:
    """A served world and plain sockets to it."""

    def __init__(self, *options: str, port: int = 0) -> None:
        self.process = subprocess.Popen(
            [*SERVE, "--port", str(port), *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        ready = self.process.stdout.readline().split()
        assert ready[0] == "ready", self.process.stderr.read()
        self.port = int(ready[1].rpartition(":")[2])

    def connect(self, port: int | None = None) -> socket.socket:
        return socket.create_connection(("127.0.0.1", port or self.port), timeout=PATIENCE)

    def ask(self, sock: socket.socket, method: str, *arguments: object) -> object:
        sock.sendall(msgpack.packb([0, 1, method, [[False], *arguments]]))
        return self.read_answer(sock)

    def read_answer(self, sock: socket.socket) -> object:
        unpacker = msgpack.Unpacker(raw=False, max_buffer_size=1 << 28)
        while True:
            for answer in unpacker:
                assert answer[2] is None
                return answer[3]
            data = sock.recv(1 << 16)
            assert data, "the server closed the connection"
            unpacker.feed(data)

    def end(self) -> tuple[int, str]:
        _, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, errors


@pytest.fixture
def served():
    process = Process("--exit-with-stdin")
    yield process
    with contextlib.suppress(ProcessLookupError):
        process.process.kill()
    process.process.wait()


def is_closed(sock: socket.socket) -> bool:
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True


def test_bad_bytes_close_that_connection_with_one_logged_line_and_nothing_else(served):
    good, bad, stream = served.connect(), served.connect(), None
    bad.sendall(b"GET / HTTP/1.1\r\n\r\n")
    assert is_closed(bad)
    (_, [token]) = served.ask(good, "get_episode_info")[0][1]
    (port,) = struct.unpack_from("<H", token, 4)
    stream = served.connect(port)
    stream.sendall(b"\xff\xff\xff\xff")  # a stream that does not exist
    assert is_closed(stream)
    assert served.ask(good, "version") == [[1, "0.9.16"]]
    code, errors = served.end()
    assert code == 0
    assert errors.count("not a CARLA request") == 1
    assert "Traceback" not in errors


NONSENSE: list[tuple[str, tuple[object, ...]]] = [
    ("spawn_actor", (1, 2)),
    ("destroy_actor", ([],)),
    ("apply_batch", ([[5]], False)),
    ("tick_cue", (1, 2, 3)),
    ("set_actor_transform", (1, [[float("nan")] * 3, [0.0] * 3])),
    ("set_episode_settings", ("x",)),
    ("copy_opendrive_to_file", ("no xml", [])),
    ("load_new_episode", ("nowhere", True, 0)),
    ("load_new_episode", ([], True, 0)),
    ("get_sensor_token", ("one",)),
    ("set_weather_parameters", ([1.0],)),
    ("add_traffic_manager_running", (5,)),
    ("apply_control_to_vehicle", (1, [0.5])),
    ("get_actors_by_id", ([[]],)),
    ("draw_debug_shape", ()),
    ("set_vehicle_light_state", (1, [1e300])),
    ("get_vehicle_light_states", ()),
]


def test_calls_with_nonsense_arguments_are_answered_with_an_error(served):
    sock = served.connect()
    for method, arguments in NONSENSE:
        assert served.ask(sock, method, *arguments)
    assert served.ask(sock, "fly_to_the_moon") == [[0, ["'fly_to_the_moon' is not supported by this server"]]]
    assert served.ask(sock, "version") == [[1, "0.9.16"]]


def test_a_client_that_dies_in_the_middle_of_a_call_disturbs_nobody(served):
    other = served.connect()
    for end in (b"", b"\x94\x00\x01\xa7ver"):  # between calls, and inside one
        client = served.connect()
        client.sendall(msgpack.packb([0, 1, "get_actor_definitions", [[False]]]) + end)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()  # with a reset, while the answer is on its way
        assert served.ask(other, "version") == [[1, "0.9.16"]]


def test_a_tick_waits_for_an_announced_listener_so_that_no_frame_is_lost(served):
    sock = served.connect()
    settings = [True, False, [True, 0.05]]
    served.ask(sock, "set_episode_settings", settings)
    (_, [token]) = served.ask(sock, "get_episode_info")[0][1]
    stream, port = struct.unpack_from("<IH", token)
    served.ask(sock, "get_sensor_token", stream)
    sock.sendall(msgpack.packb([0, 2, "tick_cue", [[False]]]))
    listener = served.connect(port)
    listener.sendall(struct.pack("<I", stream))
    frame = served.read_answer(sock)[0][1]
    seen = []
    while not seen or seen[-1] < frame:
        (length,) = struct.unpack("<I", receive(listener, 4))
        seen.append(struct.unpack_from("<QQ", receive(listener, length))[1])
    assert seen == [frame - 1, frame]


def test_a_new_episode_has_a_stream_of_its_own_and_who_listens_to_the_old_hears_it_too(served):
    """A client drops a second subscription to one id, and with it its own process."""
    sock = served.connect()
    served.ask(sock, "set_episode_settings", [True, False, [True, 0.05]])

    def listened():
        (_, [token]) = served.ask(sock, "get_episode_info")[0][1]
        stream, port = struct.unpack_from("<IH", token)
        listener = served.connect(port)
        listener.sendall(struct.pack("<I", stream))
        return stream, listener, episode_and_frame(listener)

    old, first, (before, _) = listened()
    served.ask(sock, "load_new_episode", "straight", False, 0)
    new, second, (after, _) = listened()
    assert new != old
    assert after == before + 1
    frame = served.ask(sock, "tick_cue")[0][1]
    for listener in (first, second):
        heard = (after, 0)
        while heard[1] < frame:
            heard = episode_and_frame(listener)
        assert heard == (after, frame)


def episode_and_frame(listener):
    """Of the next state that comes."""
    (length,) = struct.unpack("<I", receive(listener, 4))
    state = receive(listener, length)
    (frame,), (episode,) = struct.unpack_from("<Q", state, 8), struct.unpack_from("<Q", state, 48)
    return episode, frame


def test_a_tick_does_not_wait_for_a_listener_that_never_comes(served):
    sock = served.connect()
    served.ask(sock, "set_episode_settings", [True, False, [True, 0.05]])
    (_, [token]) = served.ask(sock, "get_episode_info")[0][1]
    served.ask(sock, "get_sensor_token", struct.unpack_from("<I", token)[0])
    start = time.monotonic()
    first = served.ask(sock, "tick_cue")[0][1]
    assert time.monotonic() - start < 5.0
    assert served.ask(sock, "tick_cue")[0][1] == first + 1


CAMERA = [0, "sensor.camera.rgb", []], [[20.0, 1.75, 2.0], [0.0, 0.0, 0.0]]


def camera_of(server: Process) -> tuple[int, int, int]:
    """A new camera's actor id, and its stream and port as its token names them."""
    camera = server.ask(server.connect(), "spawn_actor", *CAMERA)[0][1]
    return camera[0], *struct.unpack_from("<IH", camera[5])


def test_in_synchronous_mode_ticks_wait_for_a_listener_that_is_behind_and_it_misses_no_frame(served):
    sock = served.connect()
    served.ask(sock, "set_episode_settings", [True, False, [True, 0.05]])
    _, stream, port = camera_of(served)
    listener = served.connect(port)
    listener.sendall(struct.pack("<I", stream))
    first = 0
    while not select.select([listener], [], [], 0.0)[0]:  # until it is known to listen
        first = served.ask(sock, "tick_cue")[0][1]
    ticks = 50  # of 1.9 MB each: more than waits for anybody
    sock.sendall(msgpack.packb([0, 1, "tick_cue", [[False]]]) * ticks)
    other = served.connect()
    for _ in range(3):  # answered once the ticks are, or are held
        served.ask(other, "version")
    seen = []
    while not seen or seen[-1] < first + ticks:
        (length,) = struct.unpack("<I", receive(listener, 4))
        seen.append(struct.unpack_from("<QQ", receive(listener, length))[1])
    assert seen[-ticks:] == list(range(first + 1, first + ticks + 1))


def test_a_stream_of_a_dead_server_is_none_of_the_next_one_on_its_port(served):
    actor, stream, _ = camera_of(served)
    served.process.kill()
    served.process.wait()
    following = Process("--exit-with-stdin", port=served.port)
    try:
        again, other, port = camera_of(following)
        assert again == actor
        assert other != stream
        late, new = following.connect(port), following.connect(port)
        late.sendall(struct.pack("<I", stream))  # as clients do by themselves when a stream breaks
        assert is_closed(late)
        new.sendall(struct.pack("<I", other))
        caller = following.connect()
        following.ask(caller, "set_episode_settings", [True, False, [True, 0.05]])
        following.ask(caller, "tick_cue")
        assert receive(new, 4)
    finally:
        following.end()


def test_a_picture_shows_the_world_of_its_tick_whatever_is_called_next(served):
    """Pictures are drawn when the tick is answered: what the client asks for meanwhile is not in them."""
    camera, stream, port = camera_of(served)
    sock = served.connect()
    served.ask(sock, "set_episode_settings", [True, False, [True, 0.05]])
    served.ask(sock, "get_sensor_token", stream)  # a tick now waits until somebody listens
    listener = served.connect(port)
    listener.sendall(struct.pack("<I", stream))
    served.ask(sock, "tick_cue")
    (length,) = struct.unpack("<I", receive(listener, 4))
    receive(listener, length)
    calls = (("tick_cue",), ("set_actor_location", camera, [99.0, 0.0, 9.0]), ("tick_cue",))
    sock.sendall(b"".join(msgpack.packb([0, 1, name, [[False], *rest]]) for name, *rest in calls))
    seen = []
    for _ in range(2):
        (length,) = struct.unpack("<I", receive(listener, 4))
        _, frame, _, x, *_ = struct.unpack_from("<QQd6f", receive(listener, length))
        seen.append((frame, x))
    (first, before), (second, after) = seen
    assert (second - first, before, after) == (1, 20.0, 99.0)


def receive(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = sock.recv(count - len(data))
        assert part
        data += part
    return data


def test_without_synchronous_mode_the_world_runs_by_itself(served):
    sock = served.connect()
    first = served.ask(sock, "tick_cue")[0][1]
    while served.ask(sock, "tick_cue")[0][1] < first + 3:
        pass


def test_a_port_in_use_is_one_clear_line_and_exit_code_1():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = subprocess.run([*SERVE, "--port", str(port)], capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert f"cannot listen at 127.0.0.1:{port}" in done.stderr
    assert "choose another port, or 0 for any free one" in done.stderr


def test_an_address_that_is_not_of_this_machine_is_one_clear_line():
    done = subprocess.run(
        [*SERVE, "--host", "192.0.2.1", "--port", "0"], capture_output=True, text=True, timeout=PATIENCE
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "give an address of this machine" in done.stderr


def test_a_map_that_cannot_be_read_is_one_clear_line(tmp_path):
    broken = tmp_path / "broken.xodr"
    broken.write_text("<OpenDRIVE>")
    for path in (broken, tmp_path / "absent.xodr"):
        done = subprocess.run([*SERVE, "--map", str(path)], capture_output=True, text=True, timeout=PATIENCE)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert "map '" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(number):
    served = Process()
    served.connect().sendall(b"\x94")
    served.process.send_signal(number)
    code, errors = served.end()
    assert code in (0, 130)
    assert "Traceback" not in errors


def test_listening_beyond_this_machine_is_warned_of():
    served = Process("--host", "0.0.0.0", "--exit-with-stdin")
    code, errors = served.end()
    assert code == 0
    assert "anybody who reaches this address can use the server" in errors
