"""All that a run learns and all its randomness, as one thing that is saved and restored."""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from a2d.config import DEVICES, TrainConfig
from a2d.critics import Critic
from a2d.dataset import Arrays, Buffer
from a2d.errors import A2DError
from a2d.methods import method_of
from a2d.policies import Expert, Shapes, Trainee, tensors
from a2d.projection import HARDNESS

if TYPE_CHECKING:
    from a2d.row_log import RowLog

KL_PACE, KL_BOUNDS, START_KL = 1.5, (1e-3, 10.0), 0.1  # of what adapts, of the pull of GPO-penalty
START_PACE, PACES = 1 / 8, (1 / 64, 1.0)  # on the expert's learning rate, where it adapts
OVERHEAD = 2**20  # bytes of a checkpoint that are neither weights nor rows
SPREAD_PACE = 5.0  # on the learning rate of the trainee's log std, which must follow the expert's down


class Learner:
    """Networks, optimisers, aggregated buffer, random streams and counters of a run."""

    def __init__(self, config: TrainConfig, shapes: Shapes, *, device: torch.device) -> None:
        self.config, self.shapes, self.method = config, shapes, method_of(config)
        worlds, actions, batches, weights = np.random.SeedSequence(config.seed).spawn(4)
        torch.manual_seed(_seed_of(weights))
        self.world_seeds = np.random.default_rng(worlds)
        self.batches = np.random.default_rng(batches)
        self.actions = torch.Generator(device=device)
        self.actions.manual_seed(_seed_of(actions))
        self.expert = Expert(shapes, config.expert).to(device)
        reading = config.trainee if self.method.baseline == "both" else None
        self.critic = Critic(shapes, config.expert, reading=reading).to(device)
        self.trainee = trainee_of(shapes, config).to(device)
        self.average = AveragedModel(
            self.trainee, multi_avg_fn=get_ema_multi_avg_fn(config.trainee.averaging)
        )
        pace = START_PACE if config.expert.adaptive_rate else 1.0
        self.expert_optimizer = _adam(
            [{"params": self.expert.parameters(), "pace": pace}], config.expert.learning_rate
        )
        self.critic_optimizer = _adam(self.critic.parameters(), config.expert.learning_rate)
        self.trainee_optimizer = _adam(_groups(self.trainee), config.trainee.learning_rate)
        self.buffer = Buffer(
            samples=config.trainee.rows(config.buffer.samples), megabytes=config.buffer.megabytes
        )
        self.recent: deque[Arrays] = deque(maxlen=config.expert.reuse - 1)
        self.rounds, self.interactions, self.seconds = 0, 0, 0.0
        self.interactions_before = 0  # of the run whose networks it began with, and of those before that one
        self.advantage_variance = 0.0
        self.state_error = torch.zeros(shapes.state, device=device)
        self.entropy = config.expert.entropy
        self.trainee_kl = START_KL if self.method.restrains == "penalty" else config.expert.trainee_kl
        self.best_return = -math.inf
        self.best: dict[str, Tensor] = {}

    @property
    def finished(self) -> bool:
        """The run used up its interactions."""
        return self.interactions >= self.config.rollout.interactions

    @property
    def driver(self) -> Expert | Trainee:
        """Whom the run gives."""
        return self.expert if self.method.driver == "expert" else cast(Trainee, self.average.module)

    def end_round(self) -> None:
        """Count the round, and take its trainee into the average."""
        self.rounds += 1
        self.average.update_parameters(self.trainee)

    def anneal(self) -> None:
        """Set learning rates, bonuses, bounds and what is frozen for the coming round."""
        config, done = self.config, min(1.0, self.interactions / self.config.rollout.interactions)
        self.expert.limit_std(
            config.expert.std_start + done * (config.expert.std_end - config.expert.std_start)
        )
        if self.method.pretrains and not self.encoding and self.trainee.encoder is not None:
            self.trainee.encoder.requires_grad_(False)
        end = config.expert.entropy_end
        self.entropy = config.expert.entropy * (end + (1.0 - end) * (1.0 - done) ** 2)
        share = 1.0 + done * (config.learning_rate_end - 1.0)
        for optimizer, rate in (
            (self.expert_optimizer, config.expert.learning_rate),
            (self.critic_optimizer, config.expert.learning_rate),
            (self.trainee_optimizer, config.trainee.learning_rate),
        ):
            for group in optimizer.param_groups:
                group["lr"] = share * rate * group.get("pace", 1.0)

    @property
    def encoding(self) -> bool:
        """The image encoder is still learning to see, and nobody learns to act."""
        share = self.config.trainee.pretrain * self.config.rollout.interactions
        return self.method.pretrains and self.interactions < share

    def adapt_pace(self, passes: float) -> float:
        """Set the expert's rate by the passes over the last round; return its share of the highest.

        Source: Schulman et al., 2017, section 4 (there the penalty is adapted, here the rate).
        """
        epochs, (group,) = self.config.expert.epochs, self.expert_optimizer.param_groups
        pace = float(group.get("pace", 1.0))
        if passes < epochs / 2:
            pace /= KL_PACE
        elif passes >= epochs:
            pace *= KL_PACE
        group["pace"] = min(max(pace, PACES[0]), PACES[1])
        return group["pace"]

    def adapt_trainee_kl(self, divergence: float) -> None:
        """Raise or lower the pull on the expert so that KL(expert || trainee) comes to its target.

        Source: Li et al., ICLR 2026 (arXiv 2505.15418), GPO-penalty; Schulman et al., 2017, section 4.
        """
        target = self.config.expert.trainee_kl_target
        if divergence > KL_PACE * target:
            self.trainee_kl = min(self.trainee_kl * KL_PACE, KL_BOUNDS[1])
        elif divergence < target / KL_PACE:
            self.trainee_kl = max(self.trainee_kl / KL_PACE, KL_BOUNDS[0])

    def tensor(self, array: NDArray[Any]) -> torch.Tensor:
        """Put an array where the networks are."""
        return torch.from_numpy(array).to(self.actions.device)

    def advantage_scale(self, variance: float) -> float:
        """Take in a round's variance of the advantages; return their deviation over the rounds remembered.

        It is `advantage_floor` at least.
        """
        memory = self.config.expert.advantage_memory if self.advantage_variance > 0.0 else 0.0
        self.advantage_variance = memory * self.advantage_variance + (1.0 - memory) * variance
        return max(math.sqrt(self.advantage_variance), self.config.expert.advantage_floor)

    def keep_best(self, evaluated: float) -> None:
        """Remember the driver if it has just been evaluated better than ever: it is what the run gives."""
        if self.config.evaluation.keep_best and evaluated > self.best_return:
            self.best = {key: value.clone() for key, value in self.driver.state_dict().items()}
            self.best_return = evaluated

    @property
    def largest_checkpoint(self) -> int:
        """What `checkpoint` may come to, bytes; Adam keeps two numbers per weight, best and average one."""
        weights = sum(weight.nbytes for module in self._modules().values() for weight in module.parameters())
        reused = (self.config.expert.reuse - 1) * self._round
        row = self._row_bytes(picture="image" in self.critic.reads) + 4 * self.shapes.exogenous
        return 5 * weights + reused * row + 4 * self.config.buffer.samples + OVERHEAD

    @property
    def largest_log(self) -> int:
        """What the buffer's rows may come to on disk, bytes."""
        config = self.config
        if not self.method.remembers:
            return 0
        row = self._row_bytes(picture="image" in self.trainee.reads)
        most = min(config.buffer.samples, config.rollout.interactions + self._round) * row
        bound = 2**20 * min(config.buffer.megabytes, config.checkpoint.megabytes)
        return min(most, bound) + config.checkpoint.every * self._round * row

    @property
    def _round(self) -> int:
        """Interactions of a round."""
        return self.config.rollout.steps * self.config.env.count

    def _row_bytes(self, *, picture: bool) -> int:
        """Of one step of one world."""
        vectors = 4 * (self.shapes.state + sum(size for _, size in self.shapes.vectors))
        seen = math.prod(self.shapes.image or (0,)) if picture else 0
        return vectors + seen + 4 * self.config.trainee.memory + 64

    def with_recent(self, newest: Arrays) -> Arrays:
        """Join a round's rows to those of the rounds before that `expert.reuse` still asks for; and keep it.

        Source: Queeney, Paschalidis & Cassandras, NeurIPS 2021 (GePPO: PPO with sample reuse).
        """
        rounds = [*self.recent, newest]
        self.recent.append(newest)
        if len(rounds) == 1:
            return newest
        return {key: np.concatenate([rows[key] for rows in rounds]) for key in newest}

    def checkpoint(self) -> dict[str, Any]:
        """Gather everything the run goes on from but the buffer's rows, as tensors and plain values."""
        hardness = self.buffer.column(HARDNESS) if self.buffer.size and not self.finished else np.empty(0)
        return {
            "shapes": json.dumps(asdict(self.shapes)),
            "rounds": self.rounds,
            "interactions": self.interactions,
            "interactions_before": self.interactions_before,
            "seconds": self.seconds,
            "advantage_variance": self.advantage_variance,
            "state_error": self.state_error,
            "trainee_kl": self.trainee_kl,
            "best_return": self.best_return,
            "best": self._given(),
            "finished": self.finished,
            **{name: module.state_dict() for name, module in self._modules().items()},
            "average": self.average.state_dict(),
            **{name: optimizer.state_dict() for name, optimizer in self._optimizers().items()},
            "world_seeds": json.dumps(self.world_seeds.bit_generator.state),
            "batches": json.dumps(self.batches.bit_generator.state),
            "actions": self.actions.get_state(),
            "torch": torch.get_rng_state(),
            "recent": [] if self.finished else [_tensors(rows) for rows in self.recent],
            "buffer": {"position": self.buffer.position, "total": self.buffer.total},
            "hardness": torch.from_numpy(hardness.astype(np.float32)),
        }

    def log_rows(self, log: RowLog) -> list[str]:
        """Write the buffer's new rows; name the files that a resumed run needs, none once it is finished.

        Raises:
            DiskFull: No space left.
        """
        if self.finished:
            return []
        return log.extend(self.buffer, megabytes=self.config.checkpoint.megabytes, leave_out=(HARDNESS,))

    def restore(self, checkpoint: dict[str, Any], log: RowLog | None = None) -> None:
        """Go on from what `checkpoint` gathered.

        Args:
            checkpoint: What it gave.
            log: Has the buffer's rows; without, the buffer begins anew.

        Raises:
            A2DError: It was saved by networks of another shape, or lacks something.
        """
        self._refuse_other_shapes(checkpoint)
        try:
            for name, module in self._modules().items():
                module.load_state_dict(checkpoint[name])
            self.average.load_state_dict(checkpoint["average"])
            for name, optimizer in self._optimizers().items():
                optimizer.load_state_dict(checkpoint[name])
            self.world_seeds.bit_generator.state = json.loads(checkpoint["world_seeds"])
            self.batches.bit_generator.state = json.loads(checkpoint["batches"])
            self.actions.set_state(checkpoint["actions"])
            torch.set_rng_state(checkpoint["torch"])
            self.rounds, self.interactions = checkpoint["rounds"], checkpoint["interactions"]
            self.interactions_before = checkpoint["interactions_before"]
            self.seconds = checkpoint["seconds"]
            self.advantage_variance = checkpoint["advantage_variance"]
            self.state_error.copy_(checkpoint["state_error"])
            self.trainee_kl = checkpoint["trainee_kl"]
            self.best_return, self.best = checkpoint["best_return"], checkpoint["best"]
            self.recent.extend(_arrays(rows) for rows in checkpoint["recent"])
            where, hardness = checkpoint["buffer"], checkpoint["hardness"].numpy()
        except KeyError as error:
            raise A2DError(
                f"the checkpoint has no {error}: another version of a2d wrote it; give another run=FOLDER"
            ) from error
        except (ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())[:200]
            raise A2DError(f"the checkpoint does not fit this run's networks: {reason}") from error
        if log is not None:
            count = min(log.count, len(hardness))
            parts = _with_hardness(log.read(newest=count), hardness[len(hardness) - count :])
            self.buffer.restore(parts, count=count, **where)

    def start_from(self, checkpoint: dict[str, Any]) -> None:
        """Take over the networks of another run, spread widely enough to explore again.

        Raises:
            A2DError: They are of another shape.
        """
        self._refuse_other_shapes(checkpoint)
        try:
            for name, module in self._modules().items():
                module.load_state_dict(checkpoint[name])
        except KeyError as error:
            raise A2DError(
                f"start_from={self.config.start_from} has no {error}: what ships has its trainee alone; "
                "name a run's folder"
            ) from error
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:200]
            raise A2DError(
                f"the networks of start_from={self.config.start_from} do not fit: {reason}"
            ) from error
        # Runs of versions before have it not; their start counted nothing.
        self.interactions_before = checkpoint.get("interactions_before", 0) + checkpoint["interactions"]
        with torch.no_grad():
            for log_std in (self.expert.log_std, self.trainee.log_std):
                log_std.fill_(math.log(self.config.expert.std_start))
        self.trainee.limit_std()

    def _given(self) -> dict[str, Tensor]:
        """The driver that the run gives where that is not its last one: the best, or the average."""
        if self.best:
            return self.best
        return self.driver.state_dict() if self.config.trainee.averaging else {}

    def _modules(self) -> dict[str, nn.Module]:
        return {"expert": self.expert, "critic": self.critic, "trainee": self.trainee}

    def _refuse_other_shapes(self, checkpoint: dict[str, Any]) -> None:
        shapes = json.dumps(asdict(self.shapes))
        if checkpoint.get("shapes") != shapes:
            raise A2DError(
                "the checkpoint is of another shape than the world: "
                f"saved {checkpoint.get('shapes')}, the world has {shapes}"
            )

    def _optimizers(self) -> dict[str, torch.optim.Optimizer]:
        return {
            "expert_optimizer": self.expert_optimizer,
            "critic_optimizer": self.critic_optimizer,
            "trainee_optimizer": self.trainee_optimizer,
        }


def trainee_of(shapes: Shapes, config: TrainConfig) -> Trainee:
    """Make a run's trainee, with the heads that its method needs.

    Raises:
        A2DError: The method does not fit the world's observations or actions.
    """
    method = method_of(config)
    if method.pretrains and shapes.image is None:
        raise A2DError(
            f"method={config.method} teaches an image encoder to see, and {config.env.id} gives no image; "
            "set env.options.observation=image if it can, or use method=rl"
        )
    if method.learns_q and shapes.family.kind != "categorical":
        raise A2DError(f"rollout.advantage=q needs choices, {config.env.id} takes commands: set it to gae")
    if config.expert.surrogate == "projection" and shapes.family.kind != "gaussian":
        raise A2DError(
            f"expert.surrogate=projection needs commands, {config.env.id} takes choices: set it to expert"
        )
    return Trainee(
        shapes.seen(state=method.sees_state),
        config.trainee,
        quality=method.learns_q,
        auxiliary=method.reinforces == "instead",
    )


def _with_hardness(parts: Iterable[Arrays], hardness: NDArray[np.float32]) -> Iterator[Arrays]:
    at = 0
    for rows in parts:
        end = at + len(rows["state"])
        yield {**rows, HARDNESS: hardness[at:end]}
        at = end


def _tensors(rows: Arrays) -> dict[str, Tensor]:
    return tensors(rows, torch.device("cpu"))


def _arrays(rows: dict[str, Tensor]) -> Arrays:
    return {key: values.numpy() for key, values in rows.items()}


def _adam(weights: Any, rate: float) -> torch.optim.Adam:
    return torch.optim.Adam(weights, lr=rate, fused=True)  # of small networks it is a third of a step


def _groups(trainee: Trainee) -> list[dict[str, Any]]:
    rest = [weight for weight in trainee.parameters() if weight is not trainee.log_std]
    return [{"params": rest}, {"params": [trainee.log_std], "pace": SPREAD_PACE}]


def resolve_device(name: str) -> torch.device:
    """Find the device a config names.

    Raises:
        A2DError: There is no such device, or it asks for cuda where there is none.
    """
    if name not in DEVICES:
        raise A2DError(f"no device {name!r}; choose one of: {', '.join(DEVICES)}")
    if name == "cuda" and not torch.cuda.is_available():
        raise A2DError("device=cuda, but torch finds no CUDA device; use device=cpu")
    return torch.device(name)


def _seed_of(sequence: np.random.SeedSequence) -> int:
    return int(sequence.generate_state(1, np.uint64)[0] >> 1)
