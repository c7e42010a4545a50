"""One environment's server, kept answering: watched, recycled, and restarted when it fails."""

from __future__ import annotations

import contextlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TypeVar

from driving.endpoint import Endpoint
from driving.errors import (
    DockerMissing,
    DrivingError,
    ServerAbsent,
    ServerDied,
    ServerFailed,
    ServerHung,
    ServerLost,
)
from driving.servers import START_LIMIT, Server
from driving.session import Session
from driving.watch import Watch
from sensors.errors import SensorTimeout

CAUSES = ("died", "hung", "silent", "start", "memory", "episodes", "slow")
"""Why a server is restarted: gone; no answer in time; no picture in time; did not come up again; and,
between episodes, holds too much memory; served its episodes; ticks too slowly."""
LONGEST_PAUSE = 30.0  # s
PICTURE_SHARE = 0.9
"""Of a call's limit, what its pictures may take: so a silent camera is told from a server that hangs."""
FEWEST_CALLS = 5  # of an episode, to judge its pace by

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a server is allowed before it is restarted."""

    start: float = START_LIMIT
    """Seconds until a server that we start, or that was up before, must answer, and again until our actors
    are there."""
    begin: float = 30.0
    """Seconds for placing an episode's actors."""
    tick: float = 10.0
    """Seconds for a tick and its pictures, and a fifth of it for an answer to a step's commands."""
    slow: float = 1.0
    """Mean seconds per tick over an episode above which the server is recycled."""
    megabytes: int = 8192
    """Resident memory above which it is recycled after an episode; 0 for no limit."""
    episodes: int = 0
    """Episodes after which it is recycled; 0 for no limit."""
    attempts: int = 8
    """Failures in a row, with no whole episode between, before the world gives up."""
    pause: float = 0.5
    """Seconds before the second attempt in a row; doubles with each, up to half a minute."""

    def __post_init__(self) -> None:
        for entry in fields(self):
            value, least = getattr(self, entry.name), 1 if entry.name == "attempts" else 0
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= least:
                raise ValueError(f"limits.{entry.name} is a number of at least {least}, got {value!r}")

    @staticmethod
    def of(values: Mapping[str, float] | None) -> Limits:
        """Limits from settings.

        Raises:
            ValueError: One has no such name or is out of range.
        """
        known = [entry.name for entry in fields(Limits)]
        for name in values or {}:
            if name not in known:
                raise ValueError(f"unknown limit {name!r}; choose from: {', '.join(known)}")
        return Limits(**(values or {}))  # type: ignore[arg-type]


class Supervisor:
    """Opens sessions on a server, and puts another server in its place when it fails or is worn out."""

    def __init__(
        self, server: Server, open_session: Callable[[Endpoint], Session], *, limits: Limits
    ) -> None:
        self._server, self._open_session, self._limits = server, open_session, limits
        self._session: Session | None = None
        self._watch: Watch | None = None
        self._lost_last: ServerLost | None = None  # what the present episode was lost to
        self._was_up = False
        self._failures = 0  # in a row
        self._episodes = 0  # since the server started
        self._calls, self._seconds = 0, 0.0  # of the present episode
        self.restarts: Counter[str] = Counter()
        """How often each of CAUSES had the server restarted."""

    def begin(self, act: Callable[[Session], Answer]) -> Answer:
        """Begin an episode, on another server if need be.

        Raises:
            ServerFailed: It failed too often in a row, or at its very first start.
            DrivingError: What no restart mends: no such server, another version, an actor refused.
        """
        self._retire()
        while True:
            try:
                answer = self._attempt(act)
            except ServerLost as lost:
                self._give_up_or_pause(lost)
                continue
            self._calls, self._seconds, self._lost_last = 0, 0.0, None
            return answer

    def call(self, act: Callable[[Session], Answer]) -> Answer:
        """Do something with the session within an episode.

        Raises:
            ServerLost: The server failed and is gone; the next `begin` starts another.
        """
        session = self._session
        if session is None:
            raise self._lost_last or DrivingError("no episode has begun: call begin() first")
        started = time.monotonic()
        answer = self._asked(session, act, limit=self._limits.tick)
        self._calls, self._seconds = self._calls + 1, self._seconds + time.monotonic() - started
        return answer

    def finish(self) -> None:
        """The episode ended by itself: the server is well."""
        self._failures = 0
        self._episodes += 1

    def close(self) -> None:
        """Leave the server with the settings that were found, and stop it if it is ours."""
        self._leave()
        self._server.stop(graceful=True)

    def _attempt(self, act: Callable[[Session], Answer]) -> Answer:
        return self._asked(self._open(), act, limit=self._limits.begin)

    def _asked(self, session: Session, act: Callable[[Session], Answer], *, limit: float) -> Answer:
        session.picture_patience = PICTURE_SHARE * limit
        return self._watched(lambda: act(session), limit=limit)

    def _open(self) -> Session:
        """The session, on a server that is started for it if there is none."""
        if self._session is not None:
            return self._session
        try:
            endpoint = self._server.start()
        except (ServerFailed, ServerAbsent, DockerMissing) as error:
            if not self._was_up:  # then it is the setup, which no restart mends
                raise
            raise self._lost("start", error) from error
        self._watch, self._episodes = Watch(self._server.alive), 0
        self._session = self._watched(lambda: self._open_session(endpoint), limit=self._limits.start)
        self._was_up = True
        return self._session

    def _watched(self, call: Callable[[], Answer], *, limit: float) -> Answer:
        if self._watch is None:
            raise DrivingError("no server runs: call begin() first")
        try:
            return self._watch(call, limit=limit)
        except ServerDied as error:
            raise self._lost("died", error) from error
        except ServerHung as error:
            raise self._lost("hung", error) from error
        except SensorTimeout as error:
            raise self._lost("silent" if self._server.alive() else "died", error) from error
        except (ServerFailed, ServerAbsent) as error:
            raise self._lost("hung" if self._server.alive() else "died", error) from error
        except DrivingError:
            raise
        except RuntimeError as error:  # of the client, whose calls time out with it
            raise self._lost("hung" if self._server.alive() else "died", error) from error

    def _lost(self, cause: str, error: Exception) -> ServerLost:
        """Count a failure and clear away what failed."""
        self.restarts[cause] += 1
        lost = ServerLost(f"server restarted, {cause}: {error}; its log: {self._server.log()}", cause)
        log.warning("%s", lost)
        if self._session is not None:
            self._session.abandon()
        self._forget()
        self._server.stop(graceful=False)
        self._lost_last = lost
        return lost

    def _give_up_or_pause(self, lost: ServerLost) -> None:
        self._failures += 1
        if self._failures >= self._limits.attempts:
            raise ServerFailed(
                f"gave up after {self._failures} failures in a row; the last: {lost}"
            ) from lost
        if self._failures > 1:
            time.sleep(min(self._limits.pause * 2 ** (self._failures - 2), LONGEST_PAUSE))

    def _retire(self) -> None:
        """Stop a server of ours that is worn out, between two episodes."""
        if self._session is None or not self._server.ours:
            return
        limits, cause = self._limits, ""
        if 0 < limits.megabytes < self._server.resident() / 2**20:
            cause = "memory"
        elif 0 < limits.episodes <= self._episodes:
            cause = "episodes"
        elif self._calls >= FEWEST_CALLS and self._seconds / self._calls > limits.slow:
            cause = "slow"
        if cause:
            self.restarts[cause] += 1
            log.info("server recycled: %s", cause)
            self._leave()
            self._server.stop(graceful=True)

    def _leave(self) -> None:
        session, watch = self._session, self._watch
        if session is not None and watch is not None:
            with contextlib.suppress(ServerFailed):  # it is left anyway
                watch(session.close, limit=self._limits.tick)
        self._forget()

    def _forget(self) -> None:
        if self._watch is not None:
            self._watch.end()
        self._session, self._watch = None, None
