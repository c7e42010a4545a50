"""N worlds as one gymnasium VectorEnv: batched natively, in turn, a process each, or over a cluster.

Nothing here imports torch: a worker process loads this module and its world, no more.
"""

from __future__ import annotations

import functools
import inspect
import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import entry_points
from types import FrameType
from typing import TYPE_CHECKING, Any

import gymnasium
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv

from a2d.errors import A2DError, WorldError
from a2d.processors import cores, keep_orphans
from a2d.shared_workers import SharedWorkersVectorEnv

if TYPE_CHECKING:
    from a2d.config import EnvConfig

DEATHS = (EOFError, BrokenPipeError, ConnectionResetError)
"""What talking to a process raises that is no more."""
DIED = (
    "a world's process died; was it killed, or out of memory? (env.count sets how many there are) "
    "Run the same command again to go on"
)


def make_worlds(env: EnvConfig, *, count: int, suite: str, **options: Any) -> VectorEnv:
    """Make `count` worlds that leave resetting to the caller (`AutoresetMode.DISABLED`).

    Args:
        env: Which world and how it is spread over processes.
        count: Number of worlds (N).
        suite: Which scenarios they draw from: train, heldout, ...
        options: Further keywords for the world, besides `env.options`.

    Raises:
        WorldError: No such world, it refuses these keywords, it cannot start, or too few servers are named.
    """
    if "suite" in env.options:
        raise WorldError(
            "env.options.suite is no setting: runs train on the suite train; "
            "`a2d evaluate` and `a2d record` take --suite"
        )
    keywords = {"suite": suite, **env.options, **options}
    register_worlds()
    with _explained(env.id, making=True):
        if env.vector == "native":
            named = {} if env.server is None else {"server": env.server}
            return _native(env.id, count=count, keywords=keywords | named)
        makers = [_Maker(env.id, tuple({**keywords, **named}.items())) for named in _servers(env, count)]
        if env.vector == "ray":
            from a2d.ray_vector import RayVectorEnv  # Ray is an optional extra

            return RayVectorEnv(makers)
        if env.vector == "sync":
            return SyncVectorEnv(makers, autoreset_mode=AutoresetMode.DISABLED)
        keep_orphans()  # a simulator may outlive the worker that started it, and be another worker's, too
        return SharedWorkersVectorEnv(makers, per_worker=_per_worker(env, count), context=_start_method())


@functools.cache
def register_worlds() -> None:
    """Let every installed package name its worlds; gymnasium 1 no longer calls this entry point itself."""
    for entry in entry_points(group="gymnasium.envs"):
        entry.load()()


@contextmanager
def stopping(worlds: VectorEnv) -> Iterator[VectorEnv]:
    """Stop the worlds at the end, however it comes; each closes its own session with its simulator.

    Raises:
        WorldError: A world's process died.
    """
    try:
        yield worlds
        worlds.close()
    except DEATHS as error:
        raise WorldError(DIED) from error
    finally:
        _stop(worlds)


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes one world; pickled to the worker that runs it."""

    id: str
    keywords: tuple[tuple[str, Any], ...]

    def __call__(self) -> gymnasium.Env:
        if multiprocessing.parent_process() is not None:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the parent decides
            signal.signal(signal.SIGTERM, _leave)
        register_worlds()
        with _explained(self.id, making=True):
            return _Named(gymnasium.make(self.id, **dict(self.keywords)), self.id)


class _Named(gymnasium.Wrapper):
    """Turns a world's failure into a WorldError: a worker's exception travels as its class and one text."""

    def __init__(self, env: gymnasium.Env, name: str) -> None:
        super().__init__(env)
        self._name = name

    @property
    def faults(self) -> dict[str, int]:
        """What went wrong with the world's simulator so far, by cause."""
        return dict(getattr(self.env.unwrapped, "faults", {}))

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        with _explained(self._name):
            return self.env.reset(seed=seed, options=options)

    def step(self, action: Any) -> Any:
        with _explained(self._name):
            return self.env.step(action)


_GIVEN = ("self", "suite", "num_envs")
"""Parameters of a world that are no options of a run."""


def _native(world: str, *, count: int, keywords: dict[str, Any]) -> VectorEnv:
    worlds = gymnasium.make_vec(world, count, vectorization_mode="vector_entry_point", **keywords)
    if worlds.metadata.get("autoreset_mode") is not AutoresetMode.DISABLED:
        worlds.close()
        raise WorldError(f"{world} resets itself: a native world must have AutoresetMode.DISABLED")
    return worlds


@contextmanager
def _explained(world: str, *, making: bool = False) -> Iterator[None]:
    try:
        yield
    except (A2DError, KeyboardInterrupt, *DEATHS):
        raise
    except Exception as error:  # of any kind, from somebody else's world; the cause stays attached
        if not (making and isinstance(error, TypeError)):
            raise WorldError(f"{world}: {type(error).__name__}: {error}") from error
        reason = str(error).partition(" was raised from the environment creator")[0]  # what gymnasium adds
        raise WorldError(
            f"{world}: {reason}; check env.options, and whether env.server fits this world{_taken_by(world)}"
        ) from error


def _taken_by(world: str) -> str:
    """The options that a world takes, as the end of a sentence; empty where nobody knows."""
    try:
        spec = gymnasium.spec(world.rpartition(":")[2])
        entry = spec.entry_point or spec.vector_entry_point
        made = entry if callable(entry) else gymnasium.envs.registration.load_env_creator(str(entry))
        parameters = inspect.signature(made).parameters.values()
    except Exception:  # somebody else's world: no reason to hide what is wrong
        return ""
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    names = [each.name for each in parameters if each.kind in named and each.name not in _GIVEN]
    return f"; it takes {', '.join(names)}" if names else ""


def _servers(env: EnvConfig, count: int) -> list[dict[str, str]]:
    """Each world's server: an address of its own, or a kind of server that it starts itself, dealt round.

    Raises:
        WorldError: There are fewer addresses than worlds.
    """
    if env.server is None:
        return [{}] * count
    named = env.server.split(",")
    if ":" not in env.server:
        return [{"server": named[world % len(named)]} for world in range(count)]
    if len(named) < count:
        raise WorldError(
            f"{count} worlds need a server each, env.server names {len(named)}: "
            f"set env.count={len(named)}, or list more as HOST:PORT,HOST:PORT"
        )
    return [{"server": name} for name in named[:count]]


def _per_worker(env: EnvConfig, count: int) -> int:
    """Worlds of each worker, all alike: the setting at most; one where servers have cores of their own.

    An even number of worlds has an even number of workers, so that half of them step while the other half's
    worlds are decided for; thus how many groups there are, and with them a run, is the same on any machine.
    """
    shared = env.server in (None, "embedded")
    most = (env.per_worker or max(1, count // max(2, cores()))) if shared else 1
    return max(each for each in range(1, most + 1) if count % each == 0 and (count // each) % 2 == count % 2)


def _start_method() -> str:
    """A worker must not inherit torch's threads, so a plain fork will not do."""
    return "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


def _stop(worlds: VectorEnv) -> None:
    """End what an exception left running, wherever in the conversation with its workers it came."""
    if worlds.closed:
        return
    if isinstance(worlds, SharedWorkersVectorEnv):
        worlds.terminate()
    else:
        worlds.close()


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)  # silent, and the worker's own `finally` closes its world
