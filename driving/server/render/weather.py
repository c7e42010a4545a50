"""Weather parameters (CARLA's scales) to the colours and strengths of light."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driving.server.render.arrays import Triple

CLEAR_REACH = 900.0  # m, nothing is drawn farther away
VISIBLE = 5.0  # optical depths after which a thing has vanished in haze


@dataclass(frozen=True)
class Weather:
    """What the sky does; CARLA's units."""

    sun_azimuth: float = 200.0  # degrees from +x towards +y
    sun_altitude: float = 55.0  # degrees above the horizon
    cloudiness: float = 15.0  # 0 to 100
    fog_density: float = 0.0  # 0 to 100
    fog_distance: float = 0.0  # m, where fog begins
    wetness: float = 0.0  # 0 to 100

    @property
    def sun(self) -> NDArray[np.float64]:
        """Unit vector towards the sun; by night the moon's stand-in stays 12 degrees up."""
        altitude = math.radians(min(max(abs(self.sun_altitude), 12.0), 88.0))
        azimuth = math.radians(self.sun_azimuth)
        flat = math.cos(altitude)
        return np.array([flat * math.cos(azimuth), flat * math.sin(azimuth), math.sin(altitude)])

    @property
    def cover(self) -> float:
        """Share of the sky under cloud, 0 to 1."""
        return min(max(self.cloudiness / 100.0, 0.0), 1.0)

    @property
    def haze(self) -> float:
        """Extinction of the air, 1/m: 1 km of sight when clear, 25 m in the densest fog."""
        fog = min(max(self.fog_density / 100.0, 0.0), 1.0)
        begin = 1.0 + max(self.fog_distance, 0.0) / 60.0
        return 0.0009 + 0.0004 * self.cover + 0.12 * fog**2 / begin

    @property
    def reach(self) -> float:
        """Distance beyond which nothing shows through the haze, m."""
        return min(CLEAR_REACH, VISIBLE / self.haze)

    def palette(self) -> tuple[Triple, ...]:
        """Linear colours: sunlight, skylight, bounce, horizon, zenith, cloud, haze."""
        day = min(max((self.sun_altitude + 6.0) / 18.0, 0.03), 1.0)
        low = min(max(1.0 - self.sun_altitude / 30.0, 0.0), 1.0)
        cover = self.cover
        sunlight = np.array([1.74, 1.56 - 0.27 * low, 1.30 - 0.58 * low]) * (1.0 - 0.92 * cover**1.5)
        skylight = _mix(np.array([0.45, 0.54, 0.70]), np.array([0.80, 0.83, 0.88]), cover)
        bounce = 0.16 * sunlight + 0.10 * skylight
        horizon = _mix(
            np.array([0.62 + 0.2 * low, 0.74, 0.90 - 0.2 * low]), np.array([0.66, 0.69, 0.73]), cover
        )
        zenith = _mix(np.array([0.11, 0.27, 0.66]), np.array([0.40, 0.44, 0.50]), cover)
        cloud = _mix(np.array([0.95, 0.96, 0.98]), np.array([0.52, 0.55, 0.60]), cover)
        haze = _mix(np.array([0.60, 0.70, 0.83]), np.array([0.62, 0.65, 0.69]), cover)
        rows = np.array([sunlight, skylight, bounce, horizon, zenith, cloud, haze]) * day
        return tuple((float(red), float(green), float(blue)) for red, green, blue in rows)


def tone_curve(steps: int = 1024) -> NDArray[np.float32]:
    """Display value 0-255 for linear light 0-1: a soft shoulder, then the sRGB curve; (steps,)."""
    light = np.linspace(0.0, 1.0, steps)
    soft = light * (1.0 + light * 0.1) / (1.0 + 0.1 * light)
    encoded = np.where(soft <= 0.0031308, 12.92 * soft, 1.055 * soft ** (1 / 2.4) - 0.055)
    return np.asarray(255.0 * encoded, np.float32)


def _mix(a: NDArray[np.float64], b: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    return a + (b - a) * share
