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
from a2d.evaluation import Act, EvaluationError
from a2d.learner import resolve_device
from a2d.methods import method_of
from a2d.policies import Shapes, shapes_of
from a2d.run import Run
from a2d.vector import make_worlds, stopping


def drivers(run: Run, *, device: str, sampled: bool) -> Callable[[], Act]:
    """Load the trainee; what is returned puts it at the wheel of some worlds, with no memory of others.

    It takes its most probable action, so that a seed fixes the whole episode; or, `sampled`, draws each from
    its policy, by the run's seed.

    Raises:
        RunError: There is no checkpoint, or it does not fit.
        A2DError: There is no such device.
    """
    torch.set_num_threads(1)
    place = resolve_device(device)
    generator = torch.Generator(device=place).manual_seed(run.config.seed)
    return partial(Driver, run.load_trainee(place), deterministic=not sampled, generator=generator)


def worlds_at_once(run: Run, *, server: str | None) -> int:
    """How many worlds to drive in: as many as it was trained in, but one for each server that is named."""
    return run.config.env.count if server in (None, "embedded") else len(str(server).split(","))


@contextmanager
def worlds_of(
    run: Run, *, count: int, suite: str, server: str | None, **extra: Any
) -> Iterator[gymnasium.vector.VectorEnv[Any, Any, Any]]:
    """Open worlds like those the run was trained in, and stop them whatever happens.

    Raises:
        WorldError: The suite is unknown, the worlds refuse another setting, or one dies.
        EvaluationError: They show something else than the driver was trained on.
    """
    env = run.config.env if server is None else replace(run.config.env, server=server)
    with stopping(make_worlds(env, count=count, suite=suite, **extra)) as worlds:
        _refuse_another_view(run, worlds)
        yield worlds


def _refuse_another_view(run: Run, worlds: gymnasium.vector.VectorEnv[Any, Any, Any]) -> None:
    method = method_of(run.config)
    on_state = method.sees_state or method.driver == "expert"
    shown = shapes_of(worlds.single_observation_space, worlds.single_action_space)
    trained, given = (_view(shapes.seen(state=on_state)) for shapes in (run.shapes, shown))
    if trained != given:
        raise EvaluationError(
            f"{run.called} was trained on {trained}; {run.config.env.id} gives {given}: "
            "was its config.yaml changed, or is its checkpoint another run's?"
        )


def _view(seen: Shapes) -> str:
    """What a driver sees and gives, in words."""
    parts = [f"{key} of {size}" for key, size in seen.vectors]
    if seen.image is not None:
        parts.append(f"images of {'x'.join(map(str, seen.image))}")
    actions = "choices" if seen.family.kind == "categorical" else "commands"
    return f"{' and '.join(parts)}, for {seen.family.actions} {actions}"
