"""A listener that is behind is waited for while it reads on, and given up once it does not."""

from __future__ import annotations

import selectors
import socket

import pytest

from driving.server.connections import CROWDED, Connection


class Line(Connection):
    def readable(self):
        pass

    def closed(self):
        pass


@pytest.fixture
def ends():
    """A connection and the other end of its socket."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        far = socket.create_connection(listening.getsockname())
        near, _ = listening.accept()
    with selectors.DefaultSelector() as selector, far:
        line = Line(near, "listener", selector)
        yield line, far
        line.close()


def test_who_is_behind_is_waited_for_until_he_has_read_on(ends):
    line, far = ends
    line.send(b"x" * 1000)
    assert not line.lags()
    line.send(b"x" * 2 * CROWDED)
    assert line.lags()
    read = 0
    while line.lags():
        line.flush()
        read += len(far.recv(1 << 20))
    assert 0 < read <= 2 * CROWDED
    assert line.open


def test_who_reads_nothing_for_long_is_given_up(ends, monkeypatch, caplog):
    line, _ = ends
    line.send(b"x" * 2 * CROWDED)
    monkeypatch.setattr("driving.server.connections.STALLED", 0.0)
    assert not line.lags()
    assert not line.open
    assert "listener closed: does not read: " in caplog.text
