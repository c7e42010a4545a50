"""Calls: RPC name -> function of the world. `CALLS` is the one table of what is supported."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from driving.server.calls import (
    actors,
    batches,
    bones,
    maps,
    motion,
    parts,
    rays,
    recordings,
    session,
    surroundings,
    traffic_lights,
    vehicles,
    walkers,
)
from driving.server.calls.desk import WITHOUT_EFFECT, Call, Calls, Desk
from driving.server.calls.names import NAMES
from driving.server.errors import MapError, WireError, WorldError
from driving.server.wire import failure

__all__ = ["CALLS", "Desk", "answer", "support"]

DONE, IGNORED, UNSUPPORTED = "done", "accepted without effect", "not supported"
_SUBJECTS = (
    session, maps, rays, actors, motion, vehicles, parts, walkers, bones, traffic_lights, surroundings,
    recordings, batches,
)  # fmt: skip
CALLS: Calls = {name: call for subject in _SUBJECTS for name, call in subject.CALLS.items()}

log = logging.getLogger(__name__)


def answer(desk: Desk, method: str, arguments: Sequence[Any]) -> Any:
    """Carry out one call and return its envelope; what went wrong is an envelope too."""
    call = CALLS.get(method)
    if call is None:
        return failure(f"'{method}' is not supported by this server")
    try:
        return call(desk, *arguments)
    except (WorldError, MapError) as error:
        return failure(str(error))
    except (WireError, TypeError, ValueError, IndexError, KeyError, OverflowError) as error:
        return failure(f"'{method}': arguments not understood: {error}")
    except Exception:  # the border: one client's call must not end the world for the others
        log.exception("'%s' failed", method)
        return failure(f"'{method}' failed inside the server; its log says where")


def support() -> dict[str, str]:
    """Every call that a client can make -> done, accepted without effect, or not supported."""
    return {name: _support(CALLS.get(name)) for name in NAMES}


def _support(call: Call | None) -> str:
    if call is None:
        return UNSUPPORTED
    return IGNORED if call in WITHOUT_EFFECT else DONE
