"""Weather parameters (CARLA's scales) to the colours and strengths of light, and to what the air holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driving.server.render.arrays import Fog, Triple

CLEAR_REACH = 900.0  # m, nothing is drawn farther away
VISIBLE = 5.0  # optical depths after which a thing has vanished in haze
THICK = 0.002  # 1/m of fog from which on its height and where it begins are looked at
FALLOFF = 0.1  # 1/m of height for CARLA's fog_falloff of 1: "reaches normal-sized buildings"
FOG_TOP = 30.0  # m up to which fog counts for what can still be seen
DAY, DUSK, NIGHT = 12.0, -2.0, -10.0  # degrees of the sun's altitude between which the light changes
TONES = 4096  # steps of the tone curve: a step of the darkest tones is less than one of the picture's
FULL_MOON = 0.05  # of the day's light, for eyes that have got used to the night

Colour = NDArray[np.float64]  # (3,) linear


@dataclass(frozen=True)
class Weather:
    """What the sky does; CARLA's units."""

    sun_azimuth: float = 200.0  # degrees from +x towards +y
    sun_altitude: float = 55.0  # degrees above the horizon
    cloudiness: float = 15.0  # 0 to 100
    fog_density: float = 0.0  # 0 to 100
    fog_distance: float = 0.0  # m, where fog begins
    fog_falloff: float = 0.0  # 0: as thick above as below; 1: as high as houses; 5: close to the ground
    wetness: float = 0.0  # 0 to 100, of the ground
    precipitation: float = 0.0  # 0 to 100
    deposits: float = 0.0  # 0 to 100, share of the road under puddles
    wind: float = 0.0  # 0 to 100
    dust: float = 0.0  # 0 to 100

    @classmethod
    def of(cls, numbers: Sequence[float]) -> Weather:
        """The weather of CARLA's `WeatherParameters`, 14 numbers in the order of its struct.

        Its preset `Default` has -1 for whatever the map decides: here the light of noon.
        """
        cloud, rain, deposits, wind, azimuth, altitude, fog, begin, falloff, wet, _, _, _, dust = numbers
        if cloud < 0.0:
            return cls(sun_azimuth=-1.0, sun_altitude=45.0, cloudiness=5.0)
        return cls(azimuth, altitude, cloud, fog, begin, falloff, wet, rain, deposits, wind, dust)

    @property
    def sun(self) -> NDArray[np.float64]:
        """Unit vector towards the sun; by night the moon's stand-in stays 12 degrees up."""
        altitude = math.radians(min(max(abs(self.sun_altitude), DAY), 88.0))
        azimuth = math.radians(self.sun_azimuth)
        flat = math.cos(altitude)
        return np.array([flat * math.cos(azimuth), flat * math.sin(azimuth), math.sin(altitude)])

    @property
    def cover(self) -> float:
        """Share of the sky under cloud, 0 to 1."""
        return _share(self.cloudiness)

    @property
    def darkness(self) -> float:
        """0 by day to 1 by night: how much lamps matter."""
        return min(max((DAY - self.sun_altitude) / (DAY - NIGHT), 0.0), 1.0)

    @property
    def film(self) -> float:
        """How wet the ground is, 0 dry to 1."""
        return max(_share(self.wetness), 0.9 * _share(self.deposits), 0.5 * _share(self.precipitation))

    @property
    def fog(self) -> Fog:
        """The thick part of the air: 17 m to a third of the light in the densest fog."""
        density = self._fog_density
        if density < THICK:
            return Fog(0.0, 0.0, 0.0)
        return Fog(density, float(max(self.fog_distance, 0.0)), FALLOFF * max(self.fog_falloff, 0.0))

    @property
    def haze(self) -> float:
        """Extinction of the air apart from fog that is thick, 1/m: 1 km of sight when clear."""
        thin = self._fog_density
        air = 0.0009 + 0.0004 * self.cover + 0.004 * _share(self.precipitation) ** 2
        return air + 0.03 * _share(self.dust) + (thin if thin < THICK else 0.0)

    @property
    def reach(self) -> float:
        """Distance beyond which nothing shows through the haze, m."""
        fog = self.fog
        rise = FOG_TOP * fog.falloff
        thinnest = fog.density * ((1.0 - math.exp(-rise)) / rise if rise > 0.0 else 1.0)
        far = (VISIBLE + thinnest * fog.begin) / (self.haze + thinnest)
        return min(CLEAR_REACH, max(far, VISIBLE / (self.haze + self._fog_density)))

    def palette(self) -> tuple[Triple, ...]:
        """Linear colours: sunlight, skylight, bounce, horizon, zenith, cloud, haze."""
        rows = self._day()
        dusk = min(max((DAY - self.sun_altitude) / (DAY - DUSK), 0.0), 1.0)
        night = min(max((DUSK - self.sun_altitude) / (DUSK - NIGHT), 0.0), 1.0)
        rows = rows + (self._dusk() - rows) * dusk
        rows = rows + (self._night() - rows) * night
        dust = _share(self.dust)
        if dust > 0.0:
            rows[3:] += (rows[3:].mean(axis=1, keepdims=True) * [1.12, 0.86, 0.52] - rows[3:]) * 0.9 * dust
            rows[:3] *= 1.0 + dust * (np.array([0.92, 0.72, 0.44]) - 1.0)
        return tuple((float(red), float(green), float(blue)) for red, green, blue in rows)

    @property
    def _fog_density(self) -> float:
        fog = _share(self.fog_density)
        return 0.12 * fog**2 / (1.0 + fog)

    def _day(self) -> NDArray[np.float64]:
        low = min(max(1.5 - self.sun_altitude / 20.0, 0.0), 1.0)
        cover = self.cover
        sunlight = np.array([1.74, 1.56 - 0.72 * low, 1.30 - 1.16 * low]) * (1.0 - 0.92 * cover**1.5)
        skylight = _mix(np.array([0.45, 0.54, 0.70]), np.array([0.80, 0.83, 0.88]), cover) * (1.0 - 0.3 * low)
        bounce = 0.16 * sunlight + 0.10 * skylight
        horizon = _mix(
            np.array([0.62 + 0.42 * low, 0.74 - 0.06 * low, 0.90 - 0.56 * low]),
            np.array([0.66, 0.69 - 0.04 * low, 0.73 - 0.10 * low]),
            cover,
        )
        zenith = _mix(np.array([0.11 + 0.10 * low, 0.27, 0.66]), np.array([0.40, 0.44, 0.50]), cover)
        cloud = _mix(
            np.array([0.95, 0.96 - 0.30 * low, 0.98 - 0.56 * low]), np.array([0.52, 0.55, 0.60]), cover
        )
        haze = _mix(
            np.array([0.60 + 0.26 * low, 0.70 - 0.12 * low, 0.83 - 0.47 * low]),
            np.array([0.62, 0.65, 0.69]),
            cover,
        )
        dim = (1.0 - 0.25 * _share(self.precipitation) * cover) * (1.0 - 0.35 * low * cover)
        return np.array([sunlight, skylight, bounce, horizon, zenith, cloud, haze]) * dim

    def _dusk(self) -> NDArray[np.float64]:
        cover = self.cover
        clear = np.array(
            [
                [0.34, 0.17, 0.10], [0.20, 0.21, 0.33], [0.06, 0.05, 0.06], [0.78, 0.36, 0.20],
                [0.06, 0.09, 0.24], [0.62, 0.30, 0.24], [0.36, 0.26, 0.26],
            ]
        )  # fmt: skip
        grey = np.array([[0.02] * 3, *[[0.22, 0.22, 0.25]] * 6]) * [[1], [1], [0.3], [1], [0.7], [0.8], [1]]
        return clear + (grey - clear) * cover

    def _night(self) -> NDArray[np.float64]:
        cover = self.cover
        moon = FULL_MOON * np.array([0.62, 0.72, 1.0]) * (1.0 - 0.9 * cover)
        sky = FULL_MOON * np.array([0.52, 0.62, 1.0])
        glow = np.array([0.030, 0.027, 0.030])  # a town's light on the air above it
        return np.array(
            [
                moon, sky + 0.3 * glow, 0.3 * sky,
                0.5 * glow + np.array([0.006, 0.010, 0.022]) * (1.0 - cover),
                np.array([0.003, 0.005, 0.016]) + 0.3 * glow * cover, 0.6 * glow, 0.7 * glow,
            ]
        )  # fmt: skip


def tone_curve(steps: int = TONES) -> NDArray[np.float32]:
    """Display value 0-255 for linear light 0-1: a soft shoulder, then the sRGB curve; (steps,)."""
    light = np.linspace(0.0, 1.0, steps)
    soft = light * (1.0 + light * 0.1) / (1.0 + 0.1 * light)
    encoded = np.where(soft <= 0.0031308, 12.92 * soft, 1.055 * soft ** (1 / 2.4) - 0.055)
    return np.asarray(255.0 * encoded, np.float32)


def _mix(a: Colour, b: Colour, share: float) -> Colour:
    return a + (b - a) * share


def _share(percent: float) -> float:
    return min(max(percent / 100.0, 0.0), 1.0)
