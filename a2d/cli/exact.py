"""What can be known of a world without learning: dynamic programming on the tables of the gridworlds."""

from __future__ import annotations

import functools

from a2d.config import EnvConfig
from a2d.tally import Exact
from scenarios.gridworlds import exact
from scenarios.gridworlds.games import game_tables
from scenarios.gridworlds.registration import WORLDS

_HORIZON = 200  # steps; the gridworlds' own unless `env.options.horizon` says otherwise


def exact_of(env: EnvConfig) -> Exact | None:
    """Solve a gridworld; None for worlds that have no tables."""
    if env.id not in WORLDS:
        return None
    return _solved(WORLDS[env.id], horizon=int(env.options.get("horizon", _HORIZON)))


@functools.cache
def _solved(game: str, *, horizon: int) -> Exact:
    model = game_tables(game)
    expert = exact.optimal_state_policy(model)
    imitation = exact.imitate(model, expert, discount=1.0)  # learning weighs all steps of an episode alike
    return Exact(
        seeing=exact.optimal_state_return(model),
        unseeing=exact.optimal_partial_return(model),
        imitation=exact.policy_return(model, imitation.policy, horizon=horizon),
        imitation_divergence=imitation.divergence,
    )
