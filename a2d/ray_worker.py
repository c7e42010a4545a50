"""One world in a process of Ray's, and the line to it: Ray places and ends it, the line carries its steps.

A call of Ray's costs 0.6 ms of processor time at either end, half as much as the step that it asks for; its
compiled graphs wait by spinning, which takes a core from the simulator. A connection of Python's costs a
tenth, says at once when the process is gone, and admits nobody who lacks the secret that Ray has carried.
"""

from __future__ import annotations

import contextlib
import functools
import secrets
import socket
import time
from collections.abc import Callable
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from typing import Any

import gymnasium
from gymnasium.vector import AutoresetMode

from a2d.errors import A2DError, WorldError

START_SECONDS = 600.0  # for a node with room to be found, and a world to be made and begun
CLOSE_SECONDS = 10.0
SILENCE = 30, 10, 3  # s until a silent machine is asked for a sign of life, s between, and how often in vain


class WorkerLost(A2DError):
    """A worker vanished again and again, or no node has room for it."""


class Vanished(Exception):
    """A worker is no more, or says nothing."""


class Line:
    """The trainer's end: hires a worker, asks it, and lets it go."""

    def __init__(self, ray: Any, maker: Callable[[], gymnasium.Env], **options: Any) -> None:
        """Hire a worker under these options of Ray's, where there is room; nobody waits for it yet."""
        self._ray, self._secret = ray, secrets.token_bytes(32)
        self._worker = ray.remote(Worker).options(**options).remote(maker, self._secret)
        self._address = self._worker.listen.remote()
        self._served = self._worker.serve.remote()
        self._connection: Connection | None = None

    def ask(self, name: str, *arguments: Any, until: float) -> None:
        """Have the worker's method of that name called, if it is there by that time of the monotonic clock.

        `answer` tells if it was not.

        Raises:
            WorkerLost: Its node cannot run one.
        """
        try:
            if self._connection is None:
                self._connection = self._connected(until)
            self._connection.send((name, arguments))
        except (OSError, EOFError, AuthenticationError, Vanished):
            self.hang_up()

    def answer(self, *, until: float) -> Any:
        """What it answered to what it was asked last, by that time of the monotonic clock.

        Raises:
            Vanished: It went, said nothing, or was never there.
            WorldError: The world failed; in its own words.
        """
        try:
            if self._connection is None or not self._connection.poll(max(until - time.monotonic(), 0.0)):
                raise Vanished("no answer")
            done, answer = self._connection.recv()
        except (OSError, EOFError) as error:
            raise Vanished(str(error)) from error
        if not done:
            raise WorldError(answer)
        return answer

    def hang_up(self) -> None:
        """Have the worker close its world and end; `end` waits for it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def end(self, *, until: float) -> None:
        """End the worker, by force if it has not ended by itself by that time of the monotonic clock."""
        self._ray.wait([self._served], timeout=max(until - time.monotonic(), 0.0))
        self._ray.kill(self._worker)

    def _connected(self, until: float) -> Connection:
        """The line, as soon as the worker listens."""
        errors = self._ray.exceptions
        try:
            address = self._ray.get(self._address, timeout=max(until - time.monotonic(), 0.0))
        except errors.RayError as error:
            if getattr(error, "actor_init_failed", False):  # its node lacks our package, or the world's
                raise WorkerLost(f"a worker cannot be made: {str(error).strip().splitlines()[-1]}") from error
            raise Vanished(str(error)) from error
        return _steadied(Client(tuple(address), authkey=self._secret))


class Worker:
    """The other end, an actor of Ray's: makes its world when first asked, closes it when nobody listens."""

    def __init__(self, maker: Callable[[], gymnasium.Env], secret: bytes) -> None:
        self._maker, self._secret = maker, secret

    def listen(self) -> tuple[str, int]:
        """Open a port at this node's address among the others, and tell both."""
        import ray

        self._listener = Listener((ray.util.get_node_ip_address(), 0), authkey=self._secret)
        host, port = self._listener.address
        return host, port

    def serve(self) -> None:
        """Answer until the trainer hangs up, or is no more."""
        with self._accepted() as line, contextlib.suppress(EOFError, OSError):
            try:
                while True:
                    name, arguments = line.recv()
                    line.send(self._answer(name, arguments))
            finally:
                if "_world" in vars(self):
                    self._world.close()

    def spaces(self) -> tuple[gymnasium.Space, gymnasium.Space, dict[str, Any]]:
        """Of observations and actions, and the metadata."""
        metadata = {**self._world.metadata, "autoreset_mode": AutoresetMode.DISABLED}
        return self._world.observation_space, self._world.action_space, metadata

    def reset(self, seed: int | None, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Begin an episode."""
        return self._world.reset(seed=seed, options=options)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Take a step."""
        return self._world.step(action)

    def call(self, name: str, *arguments: Any) -> Any:
        """The world's attribute, or what its method returns."""
        found = self._world.get_wrapper_attr(name)
        return found(*arguments) if callable(found) else found

    @functools.cached_property
    def _world(self) -> gymnasium.Env:
        return self._maker()

    def _answer(self, name: str, arguments: tuple[Any, ...]) -> tuple[bool, Any]:
        try:
            return True, getattr(self, name)(*arguments)
        except A2DError as error:
            return False, str(error)
        except Exception as error:  # of any kind, from somebody else's world; its class may not travel
            return False, f"{type(error).__name__}: {error}"

    def _accepted(self) -> Connection:
        while True:
            with contextlib.suppress(AuthenticationError, EOFError, OSError):  # a stranger
                return _steadied(self._listener.accept())


def _steadied(connection: Connection) -> Connection:
    """Send what is small at once, and notice when the other machine is gone without a word."""
    idle, between, count = SILENCE
    with socket.socket(fileno=connection.fileno()) as same:
        same.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        same.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (("TCP_KEEPIDLE", idle), ("TCP_KEEPINTVL", between), ("TCP_KEEPCNT", count)):
            if hasattr(socket, name):  # macOS calls the first differently and does without
                same.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        same.detach()  # it remains the connection's
    return connection
