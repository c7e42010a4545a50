"""A2D and its rivals as settings of one loop: who acts, who is improved, who is imitated."""

from __future__ import annotations

from dataclasses import dataclass

from a2d.config import ConfigError, TrainConfig

OWN_CRITIC = {"pre_enc": "mixture", "rl": "mixture", "rl_asym": "state", "rl_asym_unbiased": "both"}
"""Of the methods in which the trainee learns by itself: V(b), V(s) (Pinto) or V(b, s) (Baisero & Amato)."""
FIXED_EXPERT = ("ail", "advisor")
"""They imitate the world's own driver, or the expert of another run."""
LEARNED_EXPERT = ("a2d", "gpo_clip", "gpo_penalty", "rl_mdp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """What one round of the loop does."""

    improves: str
    """Who takes a reinforcement-learning step: expert, trainee or nobody."""
    projects: bool
    """The trainee is fitted to the expert."""
    scripted: bool = False
    """The expert is the world's own driver: its actions come with the observations."""
    sees_state: bool = False
    """The trainee reads the state instead of what a car would see."""
    baseline: str
    """Advantages are measured against mixture: beta V(s) + (1 - beta) V(b), state: V(s), or both: V(b, s)."""
    beta: float = 0.0
    """The expert's share of actions in the first round."""
    beta_decay: float = 1.0
    """Factor on that share after each round."""
    restrains: str = "pull"
    """What holds the expert at the trainee: pull (KL with a fixed coefficient), penalty or clip (GPO)."""
    reinforces: str = "nothing"
    """The trainee learns by reward while it imitates: nothing, beside (GPO) or instead (ADVISOR)."""
    aggregates: bool = True
    """It imitates on all of D, not on the newest round alone."""
    pretrains: bool = False
    """The image encoder learns to see the state first, and is then frozen."""
    learns_q: bool = False
    """Advantages are those of a learned Q(b, a)."""

    @property
    def remembers(self) -> bool:
        """Somebody learns from D: the trainee, or the network that is fitted to a scripted expert."""
        return self.pretrains or (self.projects and (self.aggregates or self.scripted))

    @property
    def driver(self) -> str:
        """Whom the run gives: trainee, or expert where there is no trainee."""
        return "expert" if self.improves == "expert" and not self.projects else "trainee"

    def beta_at(self, rounds: int) -> float:
        """The expert's share of actions after so many rounds."""
        return self.beta * self.beta_decay**rounds


def method_of(config: TrainConfig) -> Method:
    """Read the settings off a config.

    Raises:
        ConfigError: A setting belongs to another method; the message names what would do.

    Source: Warrington et al., ICML 2021 (a2d and its baselines); Weihs et al., NeurIPS 2021 (advisor);
    Li et al., ICLR 2026 (gpo_penalty, gpo_clip).
    """
    name, rollout = config.method, config.rollout
    _refuse_what_is_for_others(config)
    if name in OWN_CRITIC:
        return Method(
            improves="trainee", projects=False, baseline=OWN_CRITIC[name], pretrains=name == "pre_enc"
        )
    if name == "rl_mdp":
        return Method(improves="expert", projects=False, baseline=rollout.baseline, beta=1.0)
    if name in ("gpo_clip", "gpo_penalty"):
        return Method(
            improves="expert",
            projects=True,
            baseline=rollout.baseline,
            beta=1.0,
            restrains=name.removeprefix("gpo_"),
            reinforces="beside",
            aggregates=False,
        )
    scripted = name != "a2d" and config.expert_from == "scripted"
    if name == "advisor":
        return Method(
            improves="nobody",
            projects=True,
            scripted=scripted,
            baseline=rollout.baseline,
            reinforces="instead",
            aggregates=False,
        )
    return Method(
        improves="expert" if name == "a2d" else "nobody",
        projects=True,
        scripted=scripted,
        sees_state=name == "oil",
        baseline=rollout.baseline,
        beta=rollout.beta,
        beta_decay=rollout.beta_decay,
        learns_q=rollout.advantage == "q",
    )


def refuse_start(config: TrainConfig, start: TrainConfig) -> None:
    """Refuse to start from a run that never trained what this method goes on with.

    Raises:
        ConfigError: It did not; the message names methods that do.
    """
    if config.method in OWN_CRITIC and start.method in ("rl_mdp", "oil"):
        raise ConfigError(
            f"start_from={config.start_from} is of method={start.method} and has no trainee for "
            f"method={config.method}; start from a run of a2d, ail or {config.method}"
        )
    if config.method not in OWN_CRITIC and start.expert_from != "scripted":
        raise ConfigError(
            f"start_from={config.start_from} imitated the expert of {start.expert_from} and has none of its "
            f"own for method={config.method}; start from {start.expert_from}, or from one that imitated the "
            "scripted expert"
        )
    if config.method not in OWN_CRITIC and start.method in OWN_CRITIC:
        raise ConfigError(
            f"start_from={config.start_from} is of method={start.method} and has no expert for "
            f"method={config.method}; start from a run of a2d, ail, oil or rl_mdp"
        )


def _refuse_what_is_for_others(config: TrainConfig) -> None:
    name = config.method
    if name not in FIXED_EXPERT and config.expert_from != "scripted":
        raise ConfigError(
            f"expert_from is for method={' or '.join(FIXED_EXPERT)}; "
            f"method={name} does not imitate another run"
        )
    if name in (*FIXED_EXPERT, "oil") and config.start_from:
        others = ", ".join((*LEARNED_EXPERT, *OWN_CRITIC))
        raise ConfigError(f"start_from is for method={others}; {name} starts fresh")
    if config.rollout.advantage == "q" and name != "a2d":
        raise ConfigError(f"rollout.advantage=q is for method=a2d; set rollout.advantage=gae for {name}")
    if name in LEARNED_EXPERT and name != "a2d" and config.expert.surrogate != "expert":
        raise ConfigError(
            "expert.surrogate=projection is for method=a2d, in which the trainee acts; "
            f"set expert.surrogate=expert for {name}"
        )
    on_trainee = name in OWN_CRITIC or name in ("advisor", "gpo_clip", "gpo_penalty")
    if on_trainee and config.expert.step != "ppo":
        raise ConfigError(f"method={name} takes PPO steps on the trainee; set expert.step=ppo")
    if (on_trainee or name == "rl_mdp") and config.expert.step == "ppo" and config.expert.clip == 0.0:
        raise ConfigError(f"method={name} has nothing else to bound its step: set expert.clip=0.2")
    if name == "rl_asym_unbiased" and config.trainee.memory:
        raise ConfigError(
            f"method={name} asks for V(b, s), and its critic has no memory: set trainee.memory=0"
        )
    if config.trainee.value == 0.0 and (asked := _asked_of_trainee(config)):
        raise ConfigError(
            f"method={name} asks for {asked}, which the trainee's encoder learns: set trainee.value=0.5"
        )


def _asked_of_trainee(config: TrainConfig) -> str | None:
    """The trainee's own critic that advantages are made with, if one is."""
    rollout = config.rollout
    if config.method == "a2d" and rollout.advantage == "q":
        return "Q(b, a) (where actions are choices)"
    mixed = rollout.baseline == "mixture" and (
        config.method == "advisor" or (config.method == "a2d" and rollout.beta * rollout.beta_decay < 1.0)
    )
    return "V(b)" if mixed or OWN_CRITIC.get(config.method) == "mixture" else None
