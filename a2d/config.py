"""What a run is told: frozen dataclasses, read from a preset and `key=value` overrides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from importlib import resources
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from a2d.ranges import (
    LAST_SEED,
    ConfigError,
    above,
    at_least,
    first_line,
    nearest,
    one_of,
    widths,
    within,
    wording,
)

DEVICES = ("cpu", "cuda")
METHODS = (
    "a2d",
    "advisor",
    "ail",
    "gpo_clip",
    "gpo_penalty",
    "oil",
    "pre_enc",
    "rl",
    "rl_asym",
    "rl_asym_unbiased",
    "rl_mdp",
)
ADVANTAGES = ("gae", "q")
BASELINES = ("mixture", "state")
PRECISIONS = ("float32", "bfloat16", "auto")
STEPS = ("ppo", "trpo")
SURROGATES = ("expert", "projection")
VECTOR_KINDS = ("native", "async", "sync", "ray")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvConfig:
    """Which world, how many of it, and where its simulator is."""

    id: str = "gridworlds/FrozenLake-v0"
    """Gymnasium id; worlds register themselves through the `gymnasium.envs` entry point."""
    count: int = 64
    """Worlds stepped together (N)."""
    server: str | None = None
    """Simulator: embedded, docker or HOST:PORT. None for worlds that need none."""
    vector: str = "native"
    """native (batched inside the world), async (worker processes), sync (one after the other) or ray.

    ray: one worker per world, spread over the Ray cluster of RAY_ADDRESS, or over this machine.
    """
    per_worker: int = 0
    """async: worlds that a worker process steps in turn, at most; 0: as many as leave each core a worker.

    Servers with cores of their own, any but embedded, are never held up by it: they have a worker each.
    """
    options: dict[str, Any] = field(default_factory=dict)
    """Keywords for the world, such as its image size."""

    def __post_init__(self) -> None:
        at_least("env.count", self.count, 1)
        at_least("env.per_worker", self.per_worker, 0)
        one_of("env.vector", self.vector, VECTOR_KINDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutConfig:
    """How much experience is collected, and who acts."""

    interactions: int = 200_000
    """Environment steps of the whole run, over all worlds."""
    steps: int = 32
    """Steps of each world per round (T)."""
    beta: float = 0.0
    """The expert's share of actions in the first round, in [0, 1]: a coin per step and world."""
    beta_decay: float = 0.8
    """Factor on that share after each round, in [0, 1]."""
    discount: float = 0.995
    """Weight of the next step's reward (gamma), in [0, 1]."""
    gae_lambda: float = 0.9
    """For advantages. Near 1 the hidden state leaks into them: the expert that saw it earns the credit."""
    advantage: str = "gae"
    """gae, or q: a learned Q(b, a) - E_pi[Q(b, .)], for choices only.

    What is learned from b alone cannot carry what only the expert saw, so it needs no small lambda, and no
    `expert.trainee_kl`, to keep the expert from using it; it takes longer to learn than a value.
    """
    baseline: str = "mixture"
    """Whose value the advantages are measured against.

    mixture: beta V(s) + (1 - beta) V(b), the paper's. state: V(s) whoever acts: explains far more of the
    return where b is an image, and `expert.trainee_kl` keeps the expert from making use of what it tells.
    """
    critic_lambda: float = 0.95
    """For the critics' targets; 1 would be the discounted return."""

    def __post_init__(self) -> None:
        at_least("rollout.interactions", self.interactions, 1)
        at_least("rollout.steps", self.steps, 1)
        one_of("rollout.advantage", self.advantage, ADVANTAGES)
        one_of("rollout.baseline", self.baseline, BASELINES)
        for name in ("beta", "beta_decay", "discount", "gae_lambda", "critic_lambda"):
            within(f"rollout.{name}", getattr(self, name), 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertConfig:
    """The policy that sees the state, its critic, and the step that improves it.

    Where a trainee learns by itself (method=rl, ...) the step's settings are those of its PPO step.
    """

    hidden: tuple[int, ...] = (64, 64)
    """Widths of the hidden layers."""
    learning_rate: float = 1e-3
    """Adam, for the policy and for its critic. Too slow looks like failure: start at 1e-3."""
    step: str = "ppo"
    """ppo, or trpo: one natural-gradient step per round that moves the policy at most `kl_step`."""
    kl_step: float = 0.01
    """trpo: largest KL of the step (nats, mean over states)."""
    damping: float = 0.1
    """trpo: added to the diagonal of the Fisher matrix."""
    iterations: int = 10
    """trpo: of the conjugate gradients."""
    epochs: int = 4
    """Passes over a round's experience; of the critic, too."""
    reuse: int = 1
    """Rounds that the step and the critic learn from, the newest among them, weighted for who acted then.

    What is rare, such as a hit, then moves the expert a little for some rounds instead of far in one.
    """
    minibatch: int = 512
    """Samples per gradient step, of each of the `reuse` rounds."""
    surrogate: str = "expert"
    """Whose likelihood of the actions taken follows their advantage.

    expert: the expert's own, as A2D has it: for choices, where the trainee becomes the mixture of what the
    expert does. projection: the trainee's, moved as the expert moves: for commands, where the trainee becomes
    the expert's mean, and would brake by half where it half believes in a child.
    """
    clip: float = 0.2
    """Stop pushing an action whose importance weight left [1 - clip, 1 + clip]; 0: only `trainee_kl` does."""
    weight_cap: float = 0.0
    """Importance weights above it count as it in the gradient; 0: none is too large.

    Unclipped, an action that the expert comes to like and hardly anybody takes is pushed the harder the more
    it is liked: one sample of 2048 can become the whole gradient, and undo what was learnt.
    """
    adaptive_rate: bool = False
    """PPO: the rate follows how many steps a round takes until `kl_stop`; `learning_rate` is the highest.

    A round that is over after one minibatch has moved the expert by that one's noise, and what Adam
    remembers goes on to do so for rounds. So the step that goes too far is taken back, and the rate begins at
    an eighth, falls after rounds that end before half of their passes, and rises after those that go through.
    """
    advantage_memory: float = 0.0
    """Share of earlier rounds in the advantages' scale, in [0, 1).

    Near 1, a round without a hit does not blow up small differences to the size of one.
    """
    advantage_floor: float = 0.0
    """Least deviation that advantages are divided by, in units of reward.

    Once every way taken is worth the same, what is left of them is the critic's noise: divided by its own
    deviation it would drive the expert about among ways that are equal.
    """
    entropy: float = 0.0
    """Coefficient of the entropy bonus when the run starts."""
    entropy_end: float = 1.0
    """Share of it left at the end, coming down as the square of what is left of the run.

    Early it keeps every way open, even where the expert seldom comes; at the end it would only cost.
    """
    trainee_kl: float = 0.0
    """Coefficient of KL(expert || trainee): pulls the expert towards what the trainee can do."""
    trainee_kl_target: float = 0.01
    """gpo_penalty: the coefficient is adapted instead, to hold this KL(expert || trainee) (nats)."""
    trainee_clip: float = 0.2
    """gpo_clip: the expert leads until pi_theta/pi_psi left [1 - this, 1 + this], where it is pulled back."""
    kl_stop: float = 0.05
    """Stop the passes once the policy moved this far (nats, mean over states)."""
    std_start: float = 0.6
    """Largest standard deviation of a continuous action when the run starts (actions span [-1, 1])."""
    std_end: float = 0.2
    """The same when it ends, with a straight line between: left alone it grows and costs the last percent."""
    std_min: float = 0.05
    """Smallest standard deviation of a continuous action."""
    max_grad_norm: float = 0.5
    """Longest gradient."""

    def __post_init__(self) -> None:
        widths("expert.hidden", self.hidden)
        one_of("expert.step", self.step, STEPS)
        one_of("expert.surrogate", self.surrogate, SURROGATES)
        above("expert.kl_step", self.kl_step, 0.0)
        at_least("expert.damping", self.damping, 0.0)
        at_least("expert.iterations", self.iterations, 1)
        above("expert.learning_rate", self.learning_rate, 0.0)
        at_least("expert.reuse", self.reuse, 1)
        at_least("expert.epochs", self.epochs, 1)
        at_least("expert.minibatch", self.minibatch, 1)
        above("expert.trainee_kl_target", self.trainee_kl_target, 0.0)
        within("expert.trainee_clip", self.trainee_clip, 0.01, 0.99)
        for name in ("kl_stop", "std_min", "max_grad_norm"):
            above(f"expert.{name}", getattr(self, name), 0.0)
        within("expert.advantage_memory", self.advantage_memory, 0.0, 0.9999)
        if self.clip == 0.0 and self.trainee_kl == 0.0 and self.step == "ppo":
            raise ConfigError("expert.clip=0 needs expert.trainee_kl above 0: something must bound the step")
        within("expert.entropy_end", self.entropy_end, 0.0, 1.0)
        for name in ("clip", "weight_cap", "entropy", "trainee_kl", "advantage_floor"):
            at_least(f"expert.{name}", getattr(self, name), 0.0)
        if 0.0 < self.weight_cap < 1.0:
            raise ConfigError(
                f"expert.weight_cap is 0 or at least 1, got {self.weight_cap}: equal policies weigh 1"
            )
        for name in ("std_start", "std_end"):
            at_least(f"expert.{name}", getattr(self, name), self.std_min)


@dataclass(frozen=True, slots=True, kw_only=True)
class TraineeConfig:
    """The policy that sees what a car would see, and the projection that fits it to the expert."""

    hidden: tuple[int, ...] = (64, 64)
    """Widths of the layers behind the encoder, shared by action, value and state estimate."""
    channels: tuple[int, ...] = (16, 32, 32)
    """Filters of each convolution of the image encoder."""
    kernels: tuple[int, ...] = (5, 3, 3)
    """Their sizes in pixels."""
    strides: tuple[int, ...] = (2, 2, 2)
    """Their steps in pixels."""
    features: int = 128
    """Width of the image code."""
    layer_norm: bool = False
    """The image code is normalised and squashed (LayerNorm, tanh) instead of cut off at 0 (ReLU).

    A code's unit sums thousands of features, and a fast rate's first steps can put it below 0 for good.
    """
    memory: int = 0
    """Width of a GRU behind the encoder, which remembers the episode; 0: the trainee sees the moment only."""
    sequence: int = 16
    """Steps that the GRU's gradient goes back; `rollout.steps` is a multiple of it."""
    learning_rate: float = 1e-3
    """Adam."""
    minibatch: int = 256
    """Samples per gradient step."""
    updates_per_step: float = 4.0
    """Samples drawn per environment step: the bound on what learning costs (an image costs ~0.3 ms)."""
    fresh: float = 0.5
    """Share of each minibatch from the newest round: only those have value targets. In (0, 1]."""
    averaging: float = 0.0
    """Weight of the former average against the newest weights after each round, in [0, 1).

    The run gives, and looks at, the average. 0: the trainee as the newest round left it.
    """
    value: float = 0.5
    """Coefficient of the value loss."""
    shift: int = 0
    """Pixels that a picture is moved at most, at random, each time the trainee is fitted to it.

    Where something is learnt from few pictures of a small thing, it is what makes it known elsewhere, too.
    """
    state: float = 0.0
    """Coefficient of regressing `state`, each entry by its error's size: teaches an encoder to see."""
    hard: float = 0.0
    """Share of what is drawn from the buffer that is drawn by how large the state's loss last was there.

    What is seldom and hard to see is looked at more often; imitation weighs it less by as much. In [0, 1).
    """
    reinforce: float = 2.0
    """gpo_clip: coefficient of the trainee's own PPO loss beside the imitation."""
    advisor_alpha: float = 4.0
    """advisor: how fast imitation gives way to reward where the expert cannot be imitated."""
    pretrain: float = 0.2
    """pre_enc: share of the interactions in which the image encoder learns to see `state`, then is frozen."""
    observed_std: bool = False
    """Continuous actions: the standard deviation depends on the observation."""
    std_min: float = 0.05
    """Smallest standard deviation of a continuous action."""
    std_max: float = 1.0
    """Largest."""
    max_grad_norm: float = 1.0
    """Longest gradient."""
    precision: str = "float32"
    """What the image encoder learns with: float32 | bfloat16 | auto. Who acts or is judged sees with float32.

    bfloat16 takes a third off a minibatch on processors that have it and is slower on others; auto asks.
    """

    def __post_init__(self) -> None:
        one_of("trainee.precision", self.precision, PRECISIONS)
        for name in ("hidden", "channels", "kernels", "strides"):
            widths(f"trainee.{name}", getattr(self, name))
        if not len(self.channels) == len(self.kernels) == len(self.strides):
            raise ConfigError("trainee.channels, trainee.kernels and trainee.strides need the same length")
        at_least("trainee.features", self.features, 1)
        at_least("trainee.memory", self.memory, 0)
        at_least("trainee.sequence", self.sequence, 1)
        at_least("trainee.minibatch", self.minibatch, 2)
        for name in ("learning_rate", "updates_per_step", "fresh", "std_min", "max_grad_norm"):
            above(f"trainee.{name}", getattr(self, name), 0.0)
        within("trainee.fresh", self.fresh, 0.0, 1.0)
        at_least("trainee.shift", self.shift, 0)
        within("trainee.averaging", self.averaging, 0.0, 0.9999)
        at_least("trainee.value", self.value, 0.0)
        at_least("trainee.state", self.state, 0.0)
        within("trainee.hard", self.hard, 0.0, 0.99)
        if self.hard > 0.0 and self.state == 0.0:
            raise ConfigError("trainee.hard needs trainee.state above 0: it is the state that is hard to see")
        at_least("trainee.reinforce", self.reinforce, 0.0)
        at_least("trainee.advisor_alpha", self.advisor_alpha, 0.0)
        within("trainee.pretrain", self.pretrain, 0.0, 1.0)
        at_least("trainee.std_max", self.std_max, self.std_min)

    @property
    def length(self) -> int:
        """Steps in one row of what it learns from: a sequence for a GRU, else one."""
        return self.sequence if self.memory else 1

    def rows(self, samples: int) -> int:
        """So many rows hold about so many samples."""
        return max(1, samples // self.length)


@dataclass(frozen=True, slots=True, kw_only=True)
class BufferConfig:
    """The aggregated experience D that the projection draws from."""

    samples: int = 20_000
    """Most samples kept; the oldest go first."""
    megabytes: int = 1024
    """Most memory; fewer samples are kept if they would need more."""

    def __post_init__(self) -> None:
        at_least("buffer.samples", self.samples, 1)
        at_least("buffer.megabytes", self.megabytes, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationConfig:
    """The look at the driver while it learns: training scenarios, always the same seeds."""

    every: int = 20
    """Rounds between evaluations; 0 for none."""
    episodes: int = 64
    """Episodes each time."""
    deterministic: bool = True
    """Take the most probable action instead of a sampled one."""
    expert: bool = False
    """Evaluate the learning expert, too: twice the simulator's time, and where the trainee lags it shows."""
    keep_best: bool = False
    """The run gives the driver of the best of these evaluations, by return, instead of the last."""

    def __post_init__(self) -> None:
        at_least("evaluation.every", self.every, 0)
        at_least("evaluation.episodes", self.episodes, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointConfig:
    """What an interrupted run can go on from."""

    every: int = 10
    """Rounds between checkpoints. Worlds begin new episodes after each, so that a resumed run is the same."""
    megabytes: int = 8192
    """Most that the buffer's rows take on disk until the run is finished, the newest of them; a resumed run
    has them again, and is the same run if they are all."""

    def __post_init__(self) -> None:
        at_least("checkpoint.every", self.every, 1)
        at_least("checkpoint.megabytes", self.megabytes, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """Everything a run depends on."""

    preset: str = ""
    """Where the values came from."""
    method: str = "a2d"
    """What learns from whom.

    a2d: the trainee imitates an expert that adapts to it. ail: one that nobody adapts.
    gpo_penalty, gpo_clip: it imitates an expert that acts, adapts and is held back; it learns by reward, too.
    advisor: it imitates one that nobody adapts where that can be done, and learns by reward where it cannot.
    rl, rl_asym, rl_asym_unbiased: the trainee alone by reinforcement, its critic being V(b), V(s) or V(b, s).
    pre_enc: the same with V(b), after its image encoder has learned to see the state and was frozen.
    rl_mdp: the expert alone by reinforcement. oil: a policy on the state imitates the scripted expert.
    """
    expert_from: str = "scripted"
    """For ail and advisor: `scripted` (the world's own driver) or the folder of an rl_mdp or a2d run."""
    start_from: str = ""
    """Not for advisor, ail, oil: folder of the run whose networks this one starts with; empty: fresh ones."""
    run: str = ""
    """The run's folder; empty for runs/PRESET-METHOD-SEED."""
    seed: int = 0
    """Of everything random."""
    device: str = "cpu"
    """cpu or cuda."""
    threads: int = 1
    """Of torch while it learns; 0 for one per core. More than one pays for images only."""
    return_scale: float = 1.0
    """The critics regress return / return_scale: choose it so that this spans a few units."""
    learning_rate_end: float = 1.0
    """Share of the learning rates left at the end, with a straight line between."""
    env: EnvConfig = field(default_factory=EnvConfig)
    rollout: RolloutConfig = field(default_factory=RolloutConfig)
    expert: ExpertConfig = field(default_factory=ExpertConfig)
    trainee: TraineeConfig = field(default_factory=TraineeConfig)
    buffer: BufferConfig = field(default_factory=BufferConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    checkpoint: CheckpointConfig = field(default_factory=CheckpointConfig)

    def __post_init__(self) -> None:
        one_of("method", self.method, METHODS)
        one_of("device", self.device, DEVICES)
        within("seed", self.seed, 0, LAST_SEED)
        at_least("threads", self.threads, 0)
        above("return_scale", self.return_scale, 0.0)
        within("learning_rate_end", self.learning_rate_end, 0.0, 1.0)
        if self.trainee.memory and self.rollout.steps % self.trainee.sequence:
            raise ConfigError(
                f"rollout.steps={self.rollout.steps} is no multiple of "
                f"trainee.sequence={self.trainee.sequence}; set trainee.sequence={self.rollout.steps}"
            )

    @property
    def folder(self) -> str:
        """Where the run lives."""
        return self.run or f"runs/{self.preset or 'custom'}-{self.method}-{self.seed}"


def presets() -> tuple[str, ...]:
    """Name the presets that ship with the package."""
    found = resources.files("a2d.presets").iterdir()
    return tuple(sorted(entry.name[: -len(".yaml")] for entry in found if entry.name.endswith(".yaml")))


def load(preset: str, overrides: list[str]) -> TrainConfig:
    """Read a preset, then apply `key=value` overrides such as `env.count=8`.

    Raises:
        ConfigError: Unknown preset or key (the nearest is named), wrong type, or a value out of range.
    """
    base = _preset(preset)
    for override in overrides:
        key, equals, _ = override.partition("=")
        if not equals or not key:
            raise ConfigError(f"{override!r} is not key=value, such as seed=1 or env.count=8")
    try:
        values = OmegaConf.merge(base, OmegaConf.from_dotlist(overrides))
    except (OmegaConfBaseException, ValueError) as error:
        raise ConfigError(f"cannot read {overrides}: {first_line(error)}") from error
    return from_mapping({"preset": preset, **_plain(values)})


def from_mapping(values: Mapping[str, Any]) -> TrainConfig:
    """Make a config of nested plain values, as read from a YAML file.

    Raises:
        ConfigError: Unknown key, wrong type, or a value out of range.
    """
    _refuse_unknown(values, TrainConfig, "")
    try:
        merged = OmegaConf.merge(OmegaConf.structured(TrainConfig), OmegaConf.create(dict(values)))
        config = OmegaConf.to_object(merged)
    except OmegaConfBaseException as error:
        raise ConfigError(wording(error)) from error
    if not isinstance(config, TrainConfig):
        raise ConfigError(f"expected a mapping of settings, got {type(config).__name__}")
    return config


def to_yaml(config: TrainConfig) -> str:
    """Write a config so that `from_mapping` reads it back equal."""
    return OmegaConf.to_yaml(OmegaConf.structured(config))


def flat(config: TrainConfig) -> dict[str, Any]:
    """List every setting under its dotted key."""
    return dict(_walk(_plain(OmegaConf.structured(config)), ""))


def _preset(name: str) -> Any:
    """Read a preset's file over the one that it `extends`, if it names one."""
    if name not in presets():
        raise ConfigError(f"no preset {name!r}; {nearest(name, presets())}")
    text = (resources.files("a2d.presets") / f"{name}.yaml").read_text(encoding="utf-8")
    values: Any = OmegaConf.create(text)
    base = values.pop("extends", None)
    return values if base is None else OmegaConf.merge(_preset(base), values)


def _plain(node: Any) -> dict[str, Any]:
    container = OmegaConf.to_container(node, resolve=True)
    if not isinstance(container, dict):
        raise ConfigError(f"expected a mapping of settings, got {type(container).__name__}")
    return {str(key): value for key, value in container.items()}


def _walk(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _walk(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _refuse_unknown(values: Mapping[str, Any], schema: type, prefix: str) -> None:
    known = {entry.name: entry for entry in fields(schema)}
    for key, value in values.items():
        if key not in known:
            choices = tuple(_keys(TrainConfig, ""))
            raise ConfigError(f"no setting {prefix}{key!s}; {nearest(f'{prefix}{key}', choices)}")
        default = known[key].default_factory
        if is_dataclass(default) and isinstance(default, type):
            if not isinstance(value, Mapping):
                raise ConfigError(f"{prefix}{key} is a group of settings: write {prefix}{key}.NAME=VALUE")
            _refuse_unknown(value, default, f"{prefix}{key}.")


def _keys(schema: type, prefix: str) -> Iterator[str]:
    for entry in fields(schema):
        default = entry.default_factory
        if is_dataclass(default) and isinstance(default, type):
            yield from _keys(default, f"{prefix}{entry.name}.")
        else:
            yield f"{prefix}{entry.name}"
