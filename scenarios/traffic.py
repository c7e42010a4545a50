"""How the car behind follows: the Intelligent Driver Model, as a pure function of one step."""

from __future__ import annotations

HEADWAY = 1.5  # s
STANDSTILL_GAP = 2.0  # m
ACCELERATION = 2.0  # m/s2
COMFORTABLE_BRAKING = 3.0  # m/s2
HARDEST_BRAKING = 8.0  # m/s2
MARGIN = 1.1  # of the speed limit that it would like to go


def followed(gap: float, speed: float, leader_speed: float, *, limit: float, delta: float) -> float:
    """Speed of a follower one step later; m/s.

    a = A (1 - (v / v0)^4 - (s* / s)^2), s* = s0 + v T + v (v - v_leader) / (2 sqrt(A B)).

    Args:
        gap: From its front to the leader's rear; m.
        speed: Its own; m/s.
        leader_speed: m/s.
        limit: The speed limit; m/s.
        delta: The step; s.

    Source: Treiber, Hennecke and Helbing, Physical Review E 62, 2000, eq. 3 and 4.
    """
    closing = speed * (speed - leader_speed) / (2 * (ACCELERATION * COMFORTABLE_BRAKING) ** 0.5)
    wanted = STANDSTILL_GAP + max(speed * HEADWAY + closing, 0.0)
    free = 1.0 - (speed / (MARGIN * limit)) ** 4
    acceleration = ACCELERATION * (free - (wanted / max(gap, 0.1)) ** 2)
    return max(speed + delta * max(acceleration, -HARDEST_BRAKING), 0.0)
