"""However many come, the server serves those it has and stays within its bounds."""

from __future__ import annotations

import contextlib
import socket
import struct

import msgpack
import pytest

from driving.server.connections import MOST_BUFFERED, MOST_CONNECTIONS
from driving.servers import server_named

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded")]
ASK = msgpack.packb([0, 1, "version", [[False]]])
ANSWER = msgpack.packb([1, 1, None, [[1, "0.9.16"]]])


@pytest.fixture
def server():
    made = server_named("embedded")
    yield made
    made.stop(graceful=True)


def ask(sock):
    sock.sendall(ASK)
    return sock.recv(64)


def test_more_clients_than_are_allowed_are_turned_away_and_the_others_are_served(server):
    endpoint = server.start()
    with contextlib.ExitStack() as stack:

        def connected():
            return stack.enter_context(socket.create_connection((endpoint.host, endpoint.port), timeout=60.0))

        served = [connected() for _ in range(MOST_CONNECTIONS)]
        assert ask(served[-1]) == ANSWER
        with contextlib.suppress(ConnectionError):  # closed with or without a word
            assert ask(connected()) == b""
        assert ask(served[0]) == ANSWER
        served.pop().close()
        assert ask(served[0]) == ANSWER  # by now the server has seen the other leave
        assert ask(connected()) == ANSWER
    assert f"refused: {MOST_CONNECTIONS} are connected already" in server.log()


def test_a_client_that_never_reads_is_left_within_the_bound(server):
    endpoint = server.start()
    before = server.resident()
    with socket.create_connection((endpoint.host, endpoint.port), timeout=60.0) as deaf:
        definitions = msgpack.packb([0, 1, "get_actor_definitions", [[False]]])
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with contextlib.suppress(OSError):  # closed by the server
            for _ in range(1 << 20):
                deaf.sendall(definitions)
    assert "does not read" in server.log()
    assert server.resident() - before < 3 * MOST_BUFFERED


def test_a_request_longer_than_allowed_ends_its_connection_only(server):
    endpoint = server.start()
    with socket.create_connection((endpoint.host, endpoint.port), timeout=60.0) as huge:
        with contextlib.suppress(OSError):
            huge.sendall(b"\x94\x00\x01\xa1x\x91\xc6" + struct.pack(">I", 1 << 30))
            for _ in range(80):
                huge.sendall(bytes(1 << 20))
        with socket.create_connection((endpoint.host, endpoint.port), timeout=60.0) as other:
            assert ask(other) == ANSWER
    assert server.resident() < 2**30
