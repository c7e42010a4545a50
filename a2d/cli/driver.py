"""A run's trained driver, ready to be put into worlds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import gymnasium
import torch

from a2d.acting import Driver
from a2d.evaluation import Act
from a2d.run import Run
from a2d.vector import make_worlds, stopping


def drivers(run: Run, *, device: str, sampled: bool) -> Callable[[], Act]:
    """Load the trainee; what is returned puts it at the wheel of some worlds, with no memory of others.

    It takes its most probable action, so that a seed fixes the whole episode; or, `sampled`, draws each from
    its policy, by the run's seed.

    Raises:
        RunError: There is no checkpoint, or it does not fit.
    """
    torch.set_num_threads(1)
    generator = torch.Generator(device=device).manual_seed(run.config.seed)
    return partial(Driver, run.load_trainee(device), deterministic=not sampled, generator=generator)


@contextmanager
def worlds_of(
    run: Run, *, count: int, suite: str, server: str | None, **extra: Any
) -> Iterator[gymnasium.vector.VectorEnv[Any, Any, Any]]:
    """Open worlds like those the run was trained in, and stop them whatever happens.

    Raises:
        WorldError: The suite is unknown, the worlds refuse another setting, or one dies.
    """
    env = run.config.env if server is None else replace(run.config.env, server=server)
    with stopping(make_worlds(env, count=count, suite=suite, **extra)) as worlds:
        yield worlds
