"""Gridworlds with a hidden hazard, batched in numpy; importing this package names them to gymnasium."""

from scenarios.gridworlds.registration import register

__all__ = ["register"]

register()
