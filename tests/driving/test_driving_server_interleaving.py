"""Any order in which several clients' bytes arrive: each gets its own answers, in its own order."""

from __future__ import annotations

import msgpack
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CALLS = ("version", "get_episode_settings", "get_weather_parameters", "get_spectator", "fly_to_the_moon")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded")]


@pytest.fixture(scope="module")
def port(serve):
    return serve("straight")


def read_answers(sock, count):
    unpacker, found = msgpack.Unpacker(raw=False), []
    while len(found) < count:
        data = sock.recv(1 << 16)
        assert data, "the server closed the connection"
        unpacker.feed(data)
        found += list(unpacker)
    return found


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_each_client_gets_the_answers_to_its_calls_in_their_order(port, connect, data):
    """Three clients with up to six calls each, cut anywhere and sent in any order."""
    scripts = data.draw(st.lists(st.lists(st.sampled_from(CALLS), max_size=6), min_size=3, max_size=3))
    socks = [connect(port) for _ in scripts]
    left = [
        b"".join(msgpack.packb([0, number, call, [[False]]]) for number, call in enumerate(script))
        for script in scripts
    ]
    while any(left):
        who = data.draw(st.sampled_from([number for number, rest in enumerate(left) if rest]))
        size = data.draw(st.integers(1, len(left[who])))
        socks[who].sendall(left[who][:size])
        left[who] = left[who][size:]
    for sock, script in zip(socks, scripts, strict=True):
        answers = read_answers(sock, len(script))
        assert [answer[1] for answer in answers] == list(range(len(script)))
        for call, (_, _, error, result) in zip(script, answers, strict=True):
            assert error is None
            assert result[0][0] == (0 if call == "fly_to_the_moon" else 1)
        sock.close()
