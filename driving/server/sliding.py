"""Friction of what slides over the ground."""

from __future__ import annotations

import math

from driving.server.kernels import kernel

SLIDE_FRICTION = 6.0  # m/s2, of what was struck


@kernel
def rub(x: float, y: float, most: float) -> tuple[float, float]:
    """What friction leaves of a velocity that it can take `most` m/s from."""
    size = math.hypot(x, y)
    if size <= most:
        return 0.0, 0.0
    return x * (1.0 - most / size), y * (1.0 - most / size)
