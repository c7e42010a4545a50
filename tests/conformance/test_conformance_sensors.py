"""What the sensors of a CARLA 0.9.16 server must measure, as the official client reads it.

Set CARLA_SERVER=HOST:PORT to run the same tests against a real server.
"""

from __future__ import annotations

import numpy as np
import pytest
from test_conformance_server import ahead, attach, car, client, of_frame, world  # noqa: F401 (fixtures)

carla = pytest.importorskip("carla")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded")]


def readings(world, car, frames, **attributes):  # noqa: F811
    """What an IMU says in the next frames: accelerometer z, gyroscope x."""
    sensor, messages = attach(world, car, "sensor.other.imu", **attributes)
    said = [of_frame(messages, world.tick()) for _ in range(frames)]
    sensor.destroy()
    return np.array([(one.accelerometer.z, one.gyroscope.x) for one in said])


def test_imu_noise_has_the_spread_and_bias_asked_for_and_repeats_with_its_seed(world, car):  # noqa: F811
    car.set_simulate_physics(False)
    noise = {"noise_accel_stddev_z": "0.5", "noise_gyro_bias_x": "0.25"}
    first = readings(world, car, 60, noise_seed="3", **noise)
    again = readings(world, car, 60, noise_seed="3", **noise)
    other = readings(world, car, 60, noise_seed="4", **noise)
    still = readings(world, car, 5)
    np.testing.assert_allclose(still, [[9.81, 0.0]] * 5, atol=1e-5)
    np.testing.assert_allclose(first, again)
    assert abs(first[:, 0] - other[:, 0]).max() > 0.1
    assert first[:, 0].std() == pytest.approx(0.5, abs=0.23)  # five standard errors
    np.testing.assert_allclose(first[:, 1], 0.25, atol=1e-6)


def test_gnss_biases_are_degrees_and_metres(world, car):  # noqa: F811
    receiver, exact = attach(world, car, "sensor.other.gnss")
    _other, biased = attach(world, car, "sensor.other.gnss", noise_lat_bias="0.001", noise_alt_bias="7")
    frame = world.tick()
    true, shifted = of_frame(exact, frame), of_frame(biased, frame)
    assert shifted.latitude - true.latitude == pytest.approx(0.001)
    assert shifted.longitude == pytest.approx(true.longitude)
    assert shifted.altitude - true.altitude == pytest.approx(7.0)
    assert receiver.is_listening()
