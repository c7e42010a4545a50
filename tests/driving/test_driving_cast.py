"""Where actors are put: by the middle of their boxes, and on what they stand on."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from driving.cast import KERB, REST_HEIGHT, Actor, Cast
from scenarios.roads import Street

carla = pytest.importorskip("carla")

STREET = Street()
BUS = Actor(SimpleNamespace(id=7, type_id="vehicle.mitsubishi.fusorosa"), 10.3, 3.9, 4.25, (0.46, 0.1, 2.1))
CHILD = Actor(SimpleNamespace(id=8, type_id="walker.pedestrian.0009"), 0.5, 0.5, 1.1, (0.0, 0.0, 0.0))


@pytest.fixture
def cast():
    return Cast(carla, None, street=STREET)


def test_a_vehicle_whose_origin_is_not_its_middle_is_put_by_its_middle(cast):
    assert where(cast, BUS, 50.0, 2.0, 0.0) == pytest.approx((50.0 - 0.46, 2.0 - 0.1, REST_HEIGHT))
    turned = where(cast, BUS, 50.0, 2.0, math.pi / 2)  # its front is to the right: +y
    assert turned == pytest.approx((50.0 + 0.1, 2.0 - 0.46, REST_HEIGHT))
    state = SimpleNamespace(
        get_transform=lambda: cast.put(BUS, 50.0, 2.0, 1.0).transform, get_velocity=carla.Vector3D
    )
    body = BUS.body(SimpleNamespace(find=lambda number: state))
    assert (body.x, body.y) == pytest.approx((50.0, 2.0), abs=1e-5)


def test_a_walker_stands_on_the_pavement_or_on_the_road(cast):
    _, y, on_road = where(cast, CHILD, 50.0, STREET.kerb - 0.1, 0.0)
    assert (y, on_road) == pytest.approx((STREET.kerb - 0.1, REST_HEIGHT + 0.55))
    for side in (1.0, -1.0):
        assert where(cast, CHILD, 50.0, side * (STREET.kerb + 0.1), 0.0)[2] == pytest.approx(on_road + KERB)


def where(cast, actor, x, y, yaw):
    place = cast.put(actor, x, y, yaw).transform.location
    return place.x, place.y, place.z
