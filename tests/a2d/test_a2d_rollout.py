"""A rollout remembers the policy that acted, and knows a death from an episode cut short."""

from functools import partial

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from a2d.config import ExpertConfig, TraineeConfig
from a2d.critics import Critic
from a2d.mixture import Mixture
from a2d.policies import Expert, Trainee, shapes_of
from a2d.rollout import FIRST_TRAINING_SEED, Collector, Rollout, RolloutError
from a2d.stopwatch import Stopwatch
from a2d.vector import register_worlds


class Counter(gymnasium.Env):
    """Counts its steps where everybody sees it; dies or is cut short at the third. Reward 1 a step."""

    def __init__(self, *, dies: bool) -> None:
        self.observation_space = spaces.Dict(
            {key: spaces.Box(-np.inf, np.inf, (1,), np.float32) for key in ("state", "compact")}
        )
        self.action_space = spaces.Discrete(2)
        self._dies, self._count = dies, 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self._count = 0
        self.first_seed = seed
        return self._observe(), {}

    def step(self, action):
        self._count += 1
        over = self._count == 3
        info = {"outcome": "hazard" if self._dies else "timeout"} if over else {}
        return self._observe(), 1.0, over and self._dies, over and not self._dies, info

    def _observe(self):
        return {key: np.full(1, self._count, np.float32) for key in ("state", "compact")}


PICTURE = np.arange(3 * 8 * 10, dtype=np.uint8).reshape(3, 8, 10)


class Painter(Counter):
    """Shows its steps in a picture, too."""

    def __init__(self) -> None:
        super().__init__(dies=True)
        self.observation_space["image"] = spaces.Box(0, 255, PICTURE.shape, np.uint8)

    def _observe(self):
        return {**super()._observe(), "image": PICTURE + np.uint8(self._count)}


def counters(*dies):
    return SyncVectorEnv([partial(Counter, dies=one) for one in dies], autoreset_mode=AutoresetMode.DISABLED)


class Noting:
    """A group that steps when it is asked what came of it, and notes when it is told and asked."""

    def __init__(self, name, worlds, noted):
        self.name, self._worlds, self._noted, self.num_envs = name, worlds, noted, worlds.num_envs
        self.reset, self.close = worlds.reset, worlds.close

    def step_async(self, actions):
        self._noted.append(f"{self.name} steps")
        self._actions = actions

    def step_wait(self):
        self._noted.append(f"{self.name} has stepped")
        return self._worlds.step(self._actions)


class Grouped:
    """The same two worlds in two groups."""

    def __init__(self):
        self.noted = []
        whole = counters(True, False)
        self.num_envs = whole.num_envs
        self.single_observation_space = whole.single_observation_space
        self.single_action_space = whole.single_action_space
        self.groups = [Noting(name, counters(name == "first"), self.noted) for name in ("first", "second")]
        self.envs = [world for group in self.groups for world in group._worlds.envs]

    def close(self):
        for group in self.groups:
            group.close()


@pytest.fixture(params=["together", "in groups"])
def worlds(request):
    made = counters(True, False) if request.param == "together" else Grouped()
    yield made
    made.close()


def test_actions_of_one_group_are_chosen_while_the_other_steps():
    worlds = Grouped()
    collector_for(worlds).collect(mixture_for(worlds, 0.0), steps=3, return_scale=1.0)
    told, asked = ["first steps", "second steps"], ["first has stepped", "second has stepped"]
    between = [asked[0], told[0], asked[1], told[1]]  # whenever one is asked, the other is under way
    assert worlds.noted == told + between * 2 + asked


def mixture_for(worlds, beta, *, critic_alone=False):
    torch.manual_seed(0)
    shapes = shapes_of(worlds.single_observation_space, worlds.single_action_space)
    expert, trainee = (
        Expert(shapes, ExpertConfig()),
        Trainee(shapes, TraineeConfig(), quality=False, auxiliary=False),
    )
    with torch.no_grad():  # far apart, so that whose density was noted shows
        expert.head.bias.copy_(torch.tensor([2.0, 0.0]))
        trainee.policy.bias.copy_(torch.tensor([0.0, 2.0]))
    return Mixture(expert, Critic(shapes, ExpertConfig(), reading=None), trainee, beta, critic_alone)


def collector_for(worlds):
    return Collector(
        worlds,
        seeds=np.random.default_rng(0),
        generator=torch.Generator().manual_seed(0),
        device=torch.device("cpu"),
        watch=Stopwatch(),
    )


@pytest.mark.parametrize("beta", [0.0, 0.4, 1.0])
def test_a_limit_bootstraps_from_the_steps_own_observation_and_a_death_does_not(worlds, beta):
    mixture = mixture_for(worlds, beta)
    rollout = collector_for(worlds).collect(mixture, steps=8, return_scale=10.0)
    count = np.array([0, 1, 2, 0, 1, 2, 0, 1])
    np.testing.assert_array_equal(rollout.observation["state"][:, :, 0], np.stack([count, count], 1))

    def value_of(number):
        tensor = torch.full((1, 1), float(number))
        return 10.0 * mixture.value({"state": tensor, "compact": tensor}, memory=None).item()

    for t, number in enumerate(count):
        assert rollout.value[t, 0] == pytest.approx(value_of(number), rel=1e-5)
        dead = 0.0 if number == 2 else value_of(number + 1)
        assert rollout.next_value[t, 0] == pytest.approx(dead, rel=1e-5)
        assert rollout.next_value[t, 1] == pytest.approx(value_of(number + 1), rel=1e-5)
    np.testing.assert_array_equal(rollout.terminated[:, 0], count == 2)
    np.testing.assert_array_equal(rollout.truncated[:, 1], count == 2)
    assert {(episode.total, episode.outcome) for episode in rollout.episodes} == {
        (3.0, "hazard"),
        (3.0, "timeout"),
    }


@pytest.mark.parametrize("beta", [0.0, 0.4, 1.0])
def test_the_density_noted_is_that_of_the_mixture_that_acted(worlds, beta):
    mixture = mixture_for(worlds, beta)
    rollout = collector_for(worlds).collect(mixture, steps=400, return_scale=1.0)
    state = torch.as_tensor(rollout.observation["state"].reshape(-1, 1))
    with torch.no_grad():
        expert = mixture.expert.distribution(state).log_probs.exp()
        trainee = mixture.trainee({"compact": state}).parameters.exp()
    exact = (beta * expert + (1 - beta) * trainee).numpy()
    action = rollout.action.reshape(-1)
    np.testing.assert_allclose(
        np.exp(rollout.log_prob.reshape(-1)), exact[np.arange(len(action)), action], rtol=1e-4
    )
    # 800 choices: 0.08 is over 4.5 standard errors, so it fails by chance once in 100,000 changes.
    assert np.mean(action == 0) == pytest.approx(exact[:, 0].mean(), abs=0.08)


def test_episodes_go_on_from_round_to_round_until_a_restart(worlds):
    mixture, collector = mixture_for(worlds, 0.0), collector_for(worlds)
    first = collector.collect(mixture, steps=2, return_scale=1.0)
    second = collector.collect(mixture, steps=2, return_scale=1.0)
    assert first.observation["state"][:, 0, 0].tolist() == [0, 1]
    assert second.observation["state"][:, 0, 0].tolist() == [2, 0]
    collector.restart()
    third = collector.collect(mixture, steps=1, return_scale=1.0)
    assert third.observation["state"][:, 0, 0].tolist() == [0]


def test_with_the_states_baseline_its_critic_is_asked_whoever_acts(worlds):
    mixture = mixture_for(worlds, 0.0, critic_alone=True)
    rollout = collector_for(worlds).collect(mixture, steps=3, return_scale=10.0)
    state = torch.as_tensor(rollout.observation["state"])
    np.testing.assert_allclose(
        rollout.value, 10.0 * mixture.critic({"state": state}).detach().numpy(), rtol=1e-5
    )
    np.testing.assert_allclose(rollout.next_value[0], rollout.value[1], rtol=1e-5)


def test_training_never_draws_the_seeds_of_evaluation(worlds):
    collector_for(worlds).collect(mixture_for(worlds, 0.0), steps=4, return_scale=1.0)
    seeds = [world.first_seed for world in worlds.envs]
    assert min(seeds) >= FIRST_TRAINING_SEED
    assert len(set(seeds)) == 2


def test_a_scripted_expert_must_label(worlds):
    learned = mixture_for(worlds, 0.5)
    scripted = Mixture(None, learned.critic, learned.trainee, 0.5)
    with pytest.raises(RolloutError, match="expert_from=RUN"):
        collector_for(worlds).collect(scripted, steps=2, return_scale=1.0)


def test_pictures_lie_channels_last_and_are_what_was_seen():
    worlds = SyncVectorEnv([Painter, Painter], autoreset_mode=AutoresetMode.DISABLED)
    image = (
        collector_for(worlds)
        .collect(mixture_for(worlds, 1.0), steps=3, return_scale=1.0)
        .observation["image"]
    )
    assert np.moveaxis(image, -3, -1).flags.c_contiguous
    for t, count in enumerate((0, 1, 2)):
        np.testing.assert_array_equal(image[t], np.stack([PICTURE + np.uint8(count)] * 2))


def test_arrays_that_disagree_are_refused(worlds):
    good = collector_for(worlds).collect(mixture_for(worlds, 0.0), steps=2, return_scale=1.0)
    parts = {name: getattr(good, name) for name in good.__dataclass_fields__}
    with pytest.raises(RolloutError, match=r"reward.*\(1, 2\)"):
        Rollout(**{**parts, "reward": good.reward[:1]})


def test_native_worlds_give_the_same_rollout_for_the_same_seeds():
    register_worlds()

    def collected():
        lakes = gymnasium.make_vec(
            "gridworlds/FrozenLake-v0", 3, vectorization_mode="vector_entry_point", suite="train"
        )
        return collector_for(lakes).collect(mixture_for_lake(lakes), steps=50, return_scale=1.0)

    def mixture_for_lake(lakes):
        torch.manual_seed(0)
        shapes = shapes_of(lakes.single_observation_space, lakes.single_action_space)
        return Mixture(
            Expert(shapes, ExpertConfig()),
            Critic(shapes, ExpertConfig(), reading=None),
            Trainee(shapes, TraineeConfig(), quality=False, auxiliary=False),
            0.5,
        )

    one, two = collected(), collected()
    np.testing.assert_array_equal(one.observation["state"], two.observation["state"])
    np.testing.assert_array_equal(one.action, two.action)
