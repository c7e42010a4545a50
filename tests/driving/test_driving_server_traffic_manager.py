"""The client's own TrafficManager drives cars round a ring with a crossing and its lights."""

from __future__ import annotations

import pytest
from ring import RING
from traffic import drive

carla = pytest.importorskip("carla")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded")]


def test_cars_keep_to_their_lanes_and_apart_for_half_a_minute(client_of, serve, tmp_path):
    path = tmp_path / "ring.xodr"
    path.write_text(RING)
    client = client_of("127.0.0.1", serve(str(path)), timeout=60.0)
    result = drive(client, cars=6, seconds=30.0, synchronous=True)
    assert result.cars == 6
    assert (result.gone, result.collisions, result.outside) == (0, 0, 0)
    assert max(result.astray.values()) < 0.6
    assert min(result.metres.values()) > 30.0
    assert sum(result.metres.values()) > 600.0  # 20 km/h on the average would be 1000
