"""The algorithm on one page: collect, estimate, improve expert, fit critics, aggregate, project, save."""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch
from gymnasium.vector import VectorEnv

from a2d.acting import Driver
from a2d.config import TrainConfig
from a2d.curves import Curves
from a2d.descent import Scalars
from a2d.diagnosis import ROUNDS, code_remedy, divergence_remedy
from a2d.errors import A2DError, WorldError
from a2d.estimators import explained_variance
from a2d.evaluation import Summary, evaluate, summary
from a2d.faults import INVALID_OUTCOMES, Faults
from a2d.learner import Learner, resolve_device
from a2d.learning_curves import ENDED
from a2d.methods import Method, method_of, refuse_start
from a2d.mixture import Mixture
from a2d.policies import Expert, Trainee, shapes_of
from a2d.processors import cores, keep_freed_memory
from a2d.rollout import Collector, Rollout
from a2d.row_log import RowLog
from a2d.run import ROWS, Run
from a2d.shipping import find_run
from a2d.steps import (
    estimate,
    experience,
    step_critic,
    step_encoder,
    step_expert,
    step_projection,
    step_trainee,
)
from a2d.stopwatch import INFERENCE, LOOKS, SAVES, UPDATES, Stopwatch
from a2d.vector import make_worlds, stopping

Report = Callable[[Mapping[str, float]], None]
"""Called with the metrics of each round."""
_log = logging.getLogger(__name__)


def train(run: Run, *, report: Report) -> None:
    """Train until the run's interactions are used up, going on from its checkpoint if it has one.

    A run that was interrupted and resumed is the same run as one that was not, to the last bit, if the
    worlds are deterministic given their seeds, `threads` is the same, and the buffer fits into
    `checkpoint.megabytes`, as it does unless that, or `buffer.megabytes`, is set.

    Raises:
        A2DError: The world, the checkpoint, the device or the disk does not do; the message says what to try.
    """
    config, method = run.config, method_of(run.config)
    device = resolve_device(config.device)
    torch.set_num_threads(1)
    keep_freed_memory()
    with stopping(worlds_for(config, method)) as worlds:
        shapes = shapes_of(worlds.single_observation_space, worlds.single_action_space)
        learner = Learner(config, shapes, device=device)
        log = RowLog(run.folder / ROWS)
        if run.checkpoint_path.exists():
            checkpoint = run.checkpoint()
            log.resume(checkpoint.get("rows", ()))
            learner.restore(checkpoint, log)
        elif config.start_from:
            start = find_run(config.start_from)
            refuse_start(config, start.config)
            learner.start_from(start.checkpoint())
        # The old checkpoint stays until the new one is whole.
        run.reserve(2 * learner.largest_checkpoint + max(0, learner.largest_log - log.size))
        teacher = learned_expert(config, method, learner)
        collector = Collector(
            worlds, seeds=learner.world_seeds, generator=learner.actions, device=device, watch=Stopwatch()
        )
        faults = Faults(worlds)
        latest: deque[Scalars] = deque(maxlen=ROUNDS)  # rounds' metrics
        with Curves(run, rounds=learner.rounds) as curves:
            reached = time.perf_counter()
            while not learner.finished:
                with collector.watch.of(UPDATES):
                    metrics = one_round(learner, method, teacher=teacher, collector=collector)
                learner.end_round()
                latest.append(metrics)
                if is_due(config.evaluation.every, learner):
                    with collector.watch.of(LOOKS):
                        metrics |= look(worlds, learner, method)
                    learner.keep_best(metrics["eval/return"])
                    collector.restart()
                before, reached = reached, time.perf_counter()
                learner.seconds += reached - before  # a round's checkpoint is of the next one's
                metrics |= collector.watch.shares() | faults.fresh()
                metrics |= {
                    "interactions": learner.interactions,
                    "interactions_before": learner.interactions_before,
                    "seconds": round(learner.seconds, 3),
                }
                curves.add({"round": learner.rounds, **metrics})
                if is_due(config.checkpoint.every, learner):
                    with collector.watch.of(SAVES):
                        save(run, learner, log)
                    collector.restart()
                report(metrics)
        _warn(list(latest), method, beta=method.beta_at(learner.rounds), config=config)


def worlds_for(config: TrainConfig, method: Method) -> VectorEnv:
    """Make the training worlds, with a scripted expert in them where the method imitates one."""
    if not method.scripted:
        return make_worlds(config.env, count=config.env.count, suite="train")
    try:
        return make_worlds(config.env, count=config.env.count, suite="train", scripted_expert="privileged")
    except WorldError as error:
        if "scripted_expert" not in str(error):
            raise
        raise WorldError(
            f"{config.env.id} has no scripted expert to imitate: train one with method=rl_mdp, "
            "then imitate it with method=ail expert_from=ITS_FOLDER"
        ) from error


def one_round(learner: Learner, method: Method, *, teacher: Expert | None, collector: Collector) -> Scalars:
    """Collect, learn, and say how it went.

    `teacher` is the expert that acts and is imitated; None if it is scripted.
    """
    config, beta = learner.config, method.beta_at(learner.rounds)
    learner.anneal()
    critic_alone = method.baseline != "mixture"
    follower = learner.trainee if method.driver == "trainee" else None
    mixture = Mixture(teacher, learner.critic, follower, beta, critic_alone)
    with collector.watch.of(INFERENCE):
        rollout = collector.collect(mixture, steps=config.rollout.steps, return_scale=config.return_scale)
    learner.interactions += rollout.interactions
    estimates = estimate(learner, rollout)
    metrics = {"beta": beta, "train/reward": float(rollout.reward.mean())}
    if whole := [episode.total for episode in rollout.episodes if episode.outcome not in INVALID_OUTCOMES]:
        metrics["train/return"] = float(np.mean(whole))
    metrics |= outcome_shares(rollout)
    with threads(config.threads):
        if learner.encoding:
            return metrics | step_encoder(learner, rollout)
        if method.improves != "nobody" or method.reinforces != "nothing":
            metrics["explained_variance"] = explained_variance(rollout.value, estimates.target)
        known = experience(learner, rollout, estimates)
        if method.improves == "expert":
            metrics |= step_expert(learner, known)
        if method.improves == "trainee":
            metrics |= step_trainee(learner, rollout, estimates)
        if beta > 0.0 or critic_alone:  # otherwise nobody asks the critic
            metrics |= step_critic(learner, known)
        if method.projects:
            metrics |= step_projection(learner, rollout, estimates, teacher=teacher)
    return metrics


def save(run: Run, learner: Learner, log: RowLog) -> None:
    """Write the buffer's new rows, then the checkpoint that names their files, then delete other files."""
    rows = learner.log_rows(log)
    run.save({**learner.checkpoint(), "rows": rows})
    log.keep(rows)


def outcome_shares(rollout: Rollout) -> Scalars:
    """How the round's episodes ended: shares of those that did."""
    counts = Counter(episode.outcome for episode in rollout.episodes)
    return {f"{ENDED}{name}": count / counts.total() for name, count in sorted(counts.items())}


def look(worlds: VectorEnv, learner: Learner, method: Method) -> Scalars:
    """Evaluate the driver, and the expert it imitates if asked to, on the training suite's first seeds."""
    found = _driven(worlds, learner, learner.driver)
    scalars = {
        "eval/return": found.episode_return.value,
        "eval/hit_rate": found.hits.value,
        "eval/arrival_rate": found.arrivals.value,
    }
    if learner.config.evaluation.expert and method.improves == "expert" and method.projects:
        scalars["eval/expert_return"] = _driven(worlds, learner, learner.expert).episode_return.value
    return scalars


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let torch use so many threads, 0 for one per core, and one again afterwards.

    Updates are large and the worlds idle; while they are stepped, batches are small and every core is theirs.
    """
    torch.set_num_threads(count or cores())
    try:
        yield
    finally:
        torch.set_num_threads(1)


def is_due(every: int, learner: Learner) -> bool:
    """Something done every so many rounds, and at the end, comes now."""
    return every > 0 and (learner.finished or learner.rounds % every == 0)


def learned_expert(config: TrainConfig, method: Method, learner: Learner) -> Expert | None:
    """The expert that acts and is imitated: this run's, another run's, or None for a scripted one."""
    if method.improves != "nobody":  # where the trainee learns alone beta is 0, and nobody asks the expert
        return learner.expert
    if method.scripted:
        return None
    if config.expert_from == config.folder:
        raise A2DError("expert_from is the run's own folder; name the rl_mdp or a2d run to imitate")
    return find_run(config.expert_from).load_expert(learner.shapes, device=learner.actions.device)


def _warn(latest: Sequence[Scalars], method: Method, *, beta: float, config: TrainConfig) -> None:
    """Tell what the curves of the latest rounds say is wrong."""
    live = latest[-1].get("code/live") if latest else None
    remedies = [code_remedy(live, layer_norm=config.trainee.layer_norm)]
    if method.improves == "expert" and method.restrains == "pull":
        divergence = [metrics.get("divergence", 0.0) for metrics in latest]
        remedies.append(divergence_remedy(divergence, beta=beta, config=config.rollout))
    for remedy in filter(None, remedies):
        _log.warning("%s: %s", config.folder, remedy)


def _driven(worlds: VectorEnv, learner: Learner, policy: Expert | Trainee) -> Summary:
    config = learner.config.evaluation
    generator = torch.Generator(device=learner.actions.device)
    generator.manual_seed(learner.config.seed)
    driver = partial(Driver, policy, deterministic=config.deterministic, generator=generator)
    return summary(evaluate(worlds, driver, range(config.episodes)))
