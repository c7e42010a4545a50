"""A2D and its rivals as settings of one loop: who acts, who is improved, who is imitated."""

from __future__ import annotations

from dataclasses import dataclass

from a2d.config import ConfigError, TrainConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """What one round of the loop does."""

    improves_expert: bool
    """The expert takes a reinforcement-learning step."""
    projects: bool
    """The trainee is fitted to the expert; if not, the expert itself is what the run gives."""
    scripted: bool
    """The expert is the world's own driver: its actions come with the observations."""
    beta: float
    """The expert's share of actions in the first round."""
    beta_decay: float
    """Factor on that share after each round."""

    def beta_at(self, rounds: int) -> float:
        """The expert's share of actions after so many rounds."""
        return self.beta * self.beta_decay**rounds


def method_of(config: TrainConfig) -> Method:
    """Read the settings off a config.

    Raises:
        ConfigError: An expert was named for a method that learns its own.
    """
    if config.method != "ail" and config.expert_from != "scripted":
        raise ConfigError(f"expert_from is for method=ail; method={config.method} learns its own expert")
    if config.method == "ail" and config.start_from:
        raise ConfigError("start_from is for method=a2d or rl_mdp; ail starts fresh")
    scheduled = {"beta": config.rollout.beta, "beta_decay": config.rollout.beta_decay}
    if config.method == "a2d":
        return Method(improves_expert=True, projects=True, scripted=False, **scheduled)
    if config.method == "ail":
        scripted = config.expert_from == "scripted"
        return Method(improves_expert=False, projects=True, scripted=scripted, **scheduled)
    return Method(improves_expert=True, projects=False, scripted=False, beta=1.0, beta_decay=1.0)
