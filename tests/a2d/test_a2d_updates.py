"""The projection's optimum is the implicit policy; the expert's step goes uphill; the trainee sees."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from a2d.acting import Driver
from a2d.config import ExpertConfig, TraineeConfig, from_mapping
from a2d.critics import Critic
from a2d.dataset import Buffer
from a2d.descent import minibatches
from a2d.distributions import ActionFamily
from a2d.improvement import PolicyBatch, Restraint, improve_expert
from a2d.learner import Learner
from a2d.networks import live_share
from a2d.policies import Expert, Shapes, Trainee
from a2d.projection import HARDNESS, Reinforcement, fit_encoder, project
from a2d.updates import fit_critic

# Two hidden states, one observation for both: the trainee cannot tell them apart.
HIDDEN = Shapes(state=2, vectors=(("compact", 1),), image=None, family=ActionFamily("categorical", 3))
SEEN = Shapes(state=2, vectors=(("compact", 2),), image=None, family=ActionFamily("categorical", 3))


def rows_of(states, shapes):
    compact = states if shapes is SEEN else np.ones((len(states), 1), np.float32)
    return {"state": states, "compact": compact, HARDNESS: np.ones(len(states), np.float32)}


def expert_of(shapes, table):
    """An expert that answers state one-hot i with the distribution table[i]."""
    expert = Expert(shapes, ExpertConfig(hidden=(4,)))
    with torch.no_grad():
        for layer in (expert.body[0], expert.head):
            layer.weight.zero_()
            layer.bias.zero_()
        expert.body[0].weight[:2] = 10.0 * torch.eye(2)  # tanh(10) = 1 to eight digits
        expert.head.weight[:, :2] = torch.as_tensor(table).log().T
    return expert


def fitted(shapes, expert, states, *, steps, rng, hard=0.0):
    torch.manual_seed(0)
    trainee = Trainee(shapes, TraineeConfig(hidden=(16,)), quality=False, auxiliary=False)
    optimizer = torch.optim.Adam(trainee.parameters(), lr=0.01)
    fresh = {**rows_of(states, shapes), "target": np.zeros(len(states), np.float32)}
    buffer = Buffer(samples=len(states), megabytes=1)
    buffer.add(rows_of(states, shapes))
    config = TraineeConfig(
        hidden=(16,), minibatch=64, updates_per_step=steps * 64 / len(states), value=0.0, state=1.0, hard=hard
    )
    scalars = project(
        trainee,
        optimizer,
        expert=expert,
        fresh=fresh,
        buffer=buffer,
        config=config,
        reinforcement=None,
        error=torch.zeros(shapes.state),
        rng=rng,
    )
    return trainee, scalars


@pytest.mark.parametrize("hard", [0.0, 0.5])
def test_the_projection_onto_what_cannot_be_told_apart_is_the_posterior_average(hard):
    """The rarer state is the harder, and drawn more often: what is drawn for it counts the less."""
    rng = np.random.default_rng(0)
    table = [[0.8, 0.1, 0.1], [0.1, 0.1, 0.8]]
    states = np.eye(2, dtype=np.float32)[[0] * 96 + [1] * 32]  # the first state three times as often
    trainee, scalars = fitted(HIDDEN, expert_of(HIDDEN, table), states, steps=250, rng=rng, hard=hard)
    found = trainee(dict.fromkeys(["compact"], torch.ones(1, 1))).parameters.exp()[0]
    implicit = 0.75 * np.array(table[0]) + 0.25 * np.array(table[1])
    np.testing.assert_allclose(found.detach().numpy(), implicit, atol=0.03)
    # What is left is the mutual information of state and action given the observation: it is not zero.
    assert scalars["divergence"] > 0.1


def test_the_projection_onto_what_can_be_told_apart_leaves_nothing():
    rng = np.random.default_rng(0)
    table = [[0.8, 0.1, 0.1], [0.1, 0.1, 0.8]]
    expert = expert_of(SEEN, table)
    states = np.eye(2, dtype=np.float32)[rng.integers(2, size=128)]
    trainee, _ = fitted(SEEN, expert, states, steps=250, rng=rng)
    found = trainee({"compact": torch.eye(2)}).parameters.exp().detach().numpy()
    np.testing.assert_allclose(found, table, atol=0.01)


def told(states, *, error, rate, steps=1):
    """Fit a trainee that sees the first entry of the state alone to both; `error` takes in what is left."""
    shapes = Shapes(state=2, vectors=(("compact", 1),), image=None, family=ActionFamily("categorical", 3))
    torch.manual_seed(0)
    trainee = Trainee(shapes, TraineeConfig(hidden=(16,)), quality=False, auxiliary=False)
    torch.nn.init.zeros_(trainee.state.weight)
    count = len(states)
    return project(
        trainee,
        torch.optim.Adam(trainee.parameters(), lr=rate),
        expert=Expert(shapes, ExpertConfig()),
        fresh={"state": states, "compact": states[:, :1], "target": np.zeros(count, np.float32)},
        buffer=None,
        config=TraineeConfig(hidden=(16,), minibatch=count, updates_per_step=steps, value=0.0, state=1.0),
        reinforcement=None,
        error=error,
        rng=np.random.default_rng(1),
    )


def test_what_is_small_in_the_state_is_learnt_as_well_as_what_is_large():
    """An entry counts in units of what is left of its error: in other units the loss is the same number."""
    states = np.random.default_rng(0).normal(size=(128, 2)).astype(np.float32)
    squares = np.square(states).mean(0)  # guessing 0 is wrong by as much
    for scale in (np.float32([1.0, 1.0]), np.float32([1.0, 0.2])):
        error = torch.from_numpy(scale**2)  # 1 in the units of each
        found = told(states * scale, error=error, rate=0.0)["loss/state"]
        left = 0.99 + 0.01 * squares  # a minibatch counts a hundredth
        assert found == pytest.approx(np.mean(0.5 * squares / left), rel=1e-5)
        np.testing.assert_allclose(error.numpy(), left * scale**2, rtol=1e-5)


def test_the_first_minibatch_tells_what_the_units_are():
    states = np.random.default_rng(0).normal(size=(128, 2)).astype(np.float32)
    error = torch.zeros(2)
    assert told(states, error=error, rate=0.0)["loss/state"] == pytest.approx(0.5, rel=1e-5)
    np.testing.assert_allclose(error.numpy(), np.square(states).mean(0), rtol=1e-5)


def test_an_entry_that_nobody_can_see_comes_to_count_less_than_one_that_is_known():
    states = np.random.default_rng(0).normal(size=(256, 2)).astype(np.float32) * np.float32([0.2, 1.0])
    error = torch.zeros(2)
    told(states, error=error, rate=0.01, steps=500)
    known, unseen = error.tolist()
    assert known < 1e-3
    assert 0.5 < unseen < 1.1  # its variance, but for what is learnt by heart


def improved(config):
    """An expert after one step towards the better of two actions: how much likelier, and what was told."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    expert = Expert(SEEN, config)
    states = torch.eye(2)[torch.as_tensor(rng.integers(2, size=256))]
    with torch.no_grad():
        before = expert.distribution(states)
    action = before.sample(torch.Generator().manual_seed(0))
    best = states.argmax(-1)  # action 0 in state 0, action 1 in state 1
    batch = PolicyBatch(
        observation={"state": states},
        action=action,
        log_prob=before.log_prob(action),
        advantage=(action == best).float() - (action == best).float().mean(),
        trainee=before.log_probs,
    )
    optimizer = torch.optim.Adam(expert.parameters(), lr=config.learning_rate)
    scalars = improve_expert(
        expert,
        optimizer,
        batch=batch,
        restraint=Restraint(entropy=0.0, trainee_kl=0.0, trainee_clip=None),
        config=config,
        rng=rng,
    )
    with torch.no_grad():
        return expert.distribution(states).log_prob(best) - before.log_prob(best), scalars


@pytest.mark.parametrize(
    ("minibatch", "rate", "passes", "moved"), [(64, 3e-3, 50.0, 0.05), (8, 3e-2, 1.0, 0.1)]
)
def test_the_expert_moves_towards_better_actions_and_stops_when_it_moved_enough(
    minibatch, rate, passes, moved
):
    config = ExpertConfig(hidden=(16,), minibatch=minibatch, epochs=50, kl_stop=0.02, learning_rate=rate)
    gained, scalars = improved(config)
    assert gained.min() > 0.0
    assert 0.02 < scalars["expert/moved"] < moved
    assert scalars["expert/passes"] < passes, "it may stop in the middle of a pass"


@pytest.mark.parametrize(("rate", "passes"), [(3e-3, 50.0), (1.0, 0.0)])
def test_with_an_adaptive_rate_the_step_that_goes_too_far_is_taken_back(rate, passes):
    config = ExpertConfig(hidden=(16,), minibatch=64, epochs=50, kl_stop=0.02, learning_rate=rate)
    gained, scalars = improved(replace(config, adaptive_rate=True))
    assert scalars["expert/moved"] <= 0.02
    assert scalars["expert/passes"] <= passes
    assert (gained > 0.0).all() == (passes > 0.0)
    assert (gained == 0.0).all() == (passes == 0.0), (
        "a first step that goes too far leaves the expert as it was"
    )


def test_the_rate_falls_after_a_round_that_ended_early_and_rises_after_one_that_went_through():
    config = from_mapping({"env": {"id": "a:B-v0"}, "expert": {"adaptive_rate": True, "epochs": 8}})
    learner = Learner(config, SEEN, device=torch.device("cpu"))
    paces = [learner.adapt_pace(passes) for passes in (3.9, 4.0, 7.9, 8.0, 8.0)]
    assert paces == pytest.approx([1 / 12, 1 / 12, 1 / 12, 1 / 8, 3 / 16])
    learner.anneal()
    assert learner.expert_optimizer.param_groups[0]["lr"] == pytest.approx(
        3 / 16 * config.expert.learning_rate
    )
    assert [learner.adapt_pace(8.0) for _ in range(9)][-1] == 1.0


def test_a_strong_pull_keeps_the_expert_at_the_trainee():
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    states = torch.eye(2)[torch.as_tensor(rng.integers(2, size=256))]
    gaps = []
    for pull in (0.0, 10.0):
        config = ExpertConfig(hidden=(16,), minibatch=64, epochs=20, kl_stop=10.0, trainee_kl=pull)
        torch.manual_seed(0)
        expert = Expert(SEEN, config)
        with torch.no_grad():
            trainee = expert(states)
        action = torch.as_tensor(rng.integers(3, size=256))
        batch = PolicyBatch(
            observation={"state": states},
            action=action,
            log_prob=expert.family.of(trainee).log_prob(action),
            advantage=(action == 0).float() - (action == 0).float().mean(),
            trainee=trainee,
        )
        optimizer = torch.optim.Adam(expert.parameters(), lr=1e-3)
        gaps.append(
            improve_expert(
                expert,
                optimizer,
                batch=batch,
                restraint=Restraint(entropy=0.0, trainee_kl=pull, trainee_clip=None),
                config=config,
                rng=rng,
            )["expert/gap"]
        )
    assert gaps[1] < 0.2 * gaps[0]


BRAKE, GO, SPREAD = -1.0, 0.8, 0.3  # what is best with a child there, without, and the commands' deviation


def commanded(surrogate):
    """What a trainee comes to command who cannot tell a child, there in half of the states, from none.

    It is the expert's exact projection at all times: one command, the expert's mean over child and none.
    """
    torch.manual_seed(0)
    config = ExpertConfig(
        hidden=(8,), clip=0.0, trainee_kl=0.5, epochs=1, learning_rate=0.01, kl_stop=1.0,
        std_start=SPREAD, std_end=SPREAD, std_min=SPREAD, max_grad_norm=100.0,
    )  # fmt: skip
    shapes = Shapes(state=2, vectors=(("compact", 1),), image=None, family=ActionFamily("gaussian", 1))
    expert = Expert(shapes, config)
    optimizer = torch.optim.Adam(expert.parameters(), lr=config.learning_rate)
    states = torch.eye(2).repeat(256, 1)
    best, worth = states @ torch.tensor([BRAKE, GO]), states @ torch.tensor([4.0, 1.0])
    found = []
    for seed in range(150):
        with torch.no_grad():
            followed = expert(states)
        trainee = torch.cat((followed[:, :1].mean(0).expand(len(states), 1), followed[:, 1:]), dim=-1)
        policy = shapes.family.of(trainee)
        action = policy.sample(torch.Generator().manual_seed(seed))
        reward = -worth * (action[:, 0] - best) ** 2
        value = -worth * ((policy.mode()[:, 0] - best) ** 2 + SPREAD**2)
        improve_expert(
            expert,
            optimizer,
            batch=PolicyBatch(
                observation={"state": states},
                action=action,
                log_prob=policy.log_prob(action),
                advantage=reward - value,
                trainee=trainee,
                expert=followed if surrogate == "projection" else None,
            ),
            restraint=Restraint(entropy=0.0, trainee_kl=config.trainee_kl, trainee_clip=None),
            config=config,
            rng=np.random.default_rng(0),
        )
        found.append(float(trainee[0, 0]))
    return np.mean(found[-50:])


def test_with_the_projections_surrogate_a_trainee_who_half_believes_in_a_child_does_what_is_best():
    """Braking is worth four times as much as going on: the best command is their mean weighted so."""
    assert commanded("projection") == pytest.approx((4 * BRAKE + GO) / 5, abs=0.03)


def test_with_the_experts_own_it_brakes_less_than_is_best():
    assert commanded("expert") > (4 * BRAKE + GO) / 5 + 0.1


def test_a_critic_learns_a_table():
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    critic = Critic(SEEN, ExpertConfig(hidden=(16,)), reading=None)
    optimizer = torch.optim.Adam(critic.parameters(), lr=0.01)
    state = torch.eye(2)[torch.as_tensor(rng.integers(2, size=256))]
    target = state @ torch.tensor([1.0, -2.0])
    config = ExpertConfig(hidden=(16,), minibatch=32, epochs=30)
    fit_critic(critic, optimizer, observation={"state": state}, target=target, config=config, rng=rng)
    torch.testing.assert_close(
        critic({"state": torch.eye(2)}), torch.tensor([1.0, -2.0]), atol=0.05, rtol=0.0
    )


def test_the_experts_spread_stays_within_its_limit_and_can_still_shrink():
    shapes = Shapes(state=2, vectors=(("compact", 1),), image=None, family=ActionFamily("gaussian", 2))
    expert = Expert(shapes, ExpertConfig(std_start=0.6, std_min=0.05))
    expert.limit_std(0.3)
    np.testing.assert_allclose(expert.log_std.exp().detach(), 0.3, rtol=1e-6)
    expert.distribution(torch.zeros(1, 2)).entropy().sum().backward()
    assert (expert.log_std.grad == 1.0).all()
    expert.limit_std(0.0)
    np.testing.assert_allclose(expert.log_std.exp().detach(), 0.05, rtol=1e-6)


def test_a_trainees_spread_that_came_down_to_its_bound_can_grow_again():
    """Labels that never vary, then labels that do: what lies beyond a bound would have no gradient."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    shapes = Shapes(state=1, vectors=(("compact", 1),), image=None, family=ActionFamily("gaussian", 1))
    config = TraineeConfig(
        hidden=(8,), std_min=0.05, minibatch=64, updates_per_step=32.0, value=0.0, state=0.0
    )
    trainee = Trainee(shapes, config, quality=False, auxiliary=False)
    optimizer = torch.optim.Adam(trainee.parameters(), lr=0.02)
    spread = []
    for deviation in (0.0, 0.7):
        zeros = np.zeros((512, 1), np.float32)
        rows = {"state": zeros, "compact": zeros, "target": zeros[:, 0]}
        project(
            trainee,
            optimizer,
            expert=None,
            fresh={**rows, "label": (deviation * rng.normal(size=(512, 1))).astype(np.float32)},
            buffer=None,
            config=config,
            reinforcement=None,
            error=torch.ones(1),
            rng=rng,
        )
        spread.append(float(trainee.log_std.detach().exp()))
    assert spread == pytest.approx([0.05, 0.7], rel=0.1)


@pytest.mark.parametrize("minibatch", [100, 280, 1500])
def test_a_minibatch_may_be_of_the_newest_round_alone(minibatch):
    states = np.eye(2, dtype=np.float32)[[0, 1] * 512]
    buffer = Buffer(samples=1024, megabytes=1)
    buffer.add(rows_of(states, HIDDEN))
    config = TraineeConfig(hidden=(4,), minibatch=minibatch, fresh=1.0, updates_per_step=1)
    trainee = Trainee(HIDDEN, config, quality=False, auxiliary=False)
    scalars = project(
        trainee,
        torch.optim.SGD(trainee.parameters(), lr=0.0),
        expert=Expert(HIDDEN, ExpertConfig()),
        fresh={**rows_of(states, HIDDEN), "target": np.zeros(1024, np.float32)},
        buffer=buffer,
        config=config,
        reinforcement=None,
        error=torch.ones(2),
        rng=np.random.default_rng(0),
    )
    assert np.isfinite(scalars["loss/projection"])


@pytest.mark.parametrize(("picture", "same"), [("flat", True), ("ramp", False)])
def test_a_trainee_is_fitted_to_pictures_that_were_moved(picture, same):
    shapes = Shapes(state=1, vectors=(), image=(1, 8, 8), family=ActionFamily("categorical", 2))
    columns = np.arange(8) * 30 if picture == "ramp" else np.full(8, 100)
    rows = {
        "state": np.linspace(-1, 1, 32, dtype=np.float32)[:, None],
        "image": np.tile(columns.astype(np.uint8), (32, 1, 8, 1)),
    }
    torch.manual_seed(0)
    small = TraineeConfig(hidden=(8,), channels=(4,), kernels=(3,), strides=(2,), minibatch=32)
    trainee = Trainee(shapes, small, quality=False, auxiliary=False)
    losses = [
        project(
            trainee,
            torch.optim.SGD(trainee.parameters(), lr=0.0),
            expert=Expert(shapes, ExpertConfig()),
            fresh={**rows, "target": np.zeros(32, np.float32)},
            buffer=None,
            config=replace(small, updates_per_step=1, shift=shift),
            reinforcement=None,
            error=torch.ones(1),
            rng=np.random.default_rng(2),
        )["loss/state"]
        for shift in (0, 3)
    ]
    assert (losses[0] == pytest.approx(losses[1], rel=1e-6)) is same


def live_features(*, layer_norm):
    """Share of the code's features that differ between pictures after the first steps at a fast rate."""
    rng = np.random.default_rng(0)
    shapes = Shapes(state=2, vectors=(), image=(3, 32, 64), family=ActionFamily("categorical", 2))
    states = rng.normal(size=(128, 2)).astype(np.float32)
    pictures = rng.integers(0, 256, (128, 3, 32, 64), dtype=np.uint8) // 8
    for entry in (0, 1):  # each entry is the brightness of its half
        half = np.s_[:, :, :, 32 * entry : 32 * entry + 32]
        pictures[half] += (100 + 30 * states[:, entry]).clip(0, 220).astype(np.uint8)[:, None, None, None]
    rows = {"state": states, "image": pictures, HARDNESS: np.ones(128, np.float32)}
    buffer = Buffer(samples=128, megabytes=8)
    buffer.add(rows)
    config = TraineeConfig(hidden=(32,), features=64, minibatch=128, layer_norm=layer_norm)
    torch.manual_seed(0)
    trainee = Trainee(shapes, config, quality=False, auxiliary=False)
    fit_encoder(
        trainee,
        torch.optim.Adam(trainee.parameters(), lr=0.01),
        buffer=buffer,
        steps=30,
        config=config,
        error=torch.zeros(2),
        rng=rng,
    )
    return trainee.live_code({"image": torch.from_numpy(pictures)})


def test_a_feature_lives_if_it_tells_two_pictures_apart():
    assert live_share(torch.tensor([[0.0, 1.0, 2.0, 0.0], [0.0, 1.0, 2.5, 0.0], [0.0, 1.0, 2.0, 1.0]])) == 0.5


def test_layer_norm_keeps_the_features_of_the_code_alive_at_a_fast_rate():
    assert live_features(layer_norm=False) < 0.7
    assert live_features(layer_norm=True) == 1.0


def test_a_trainee_reads_images_and_every_vector_but_the_state():
    family = ActionFamily("gaussian", 2)
    shapes = Shapes(state=5, vectors=(("telemetry", 3),), image=(6, 32, 48), family=family)
    trainee = Trainee(shapes, TraineeConfig(features=16), quality=False, auxiliary=False)
    rng = np.random.default_rng(0)
    observation = {
        "state": np.full((4, 5), np.nan, np.float32),
        "image": rng.integers(256, size=(4, 6, 32, 48), dtype=np.uint8),
        "telemetry": rng.normal(size=(4, 3)).astype(np.float32),
    }
    action = Driver(trainee, deterministic=False, generator=torch.Generator().manual_seed(0))(observation)
    assert action.shape == (4, 2)
    assert action.dtype == np.float32
    assert np.abs(action).max() <= 1.0
    reading = trainee({key: torch.as_tensor(value) for key, value in observation.items()})
    assert reading.value.shape == (4,)
    assert reading.state.shape == (4, 5)
    changed = {**observation, "telemetry": observation["telemetry"] + 1.0}
    driver = Driver(trainee, deterministic=True, generator=None)
    assert (driver(changed) != driver(observation)).any()


@pytest.mark.parametrize(
    ("count", "size", "sizes"), [(10, 4, {5}), (9, 3, {3}), (3, 10, {3}), (11, 4, {3, 4})]
)
def test_minibatches_cover_every_row_once_in_even_parts(count, size, sizes):
    parts = list(minibatches(count, size, rng=np.random.default_rng(0)))
    assert sorted(np.concatenate(parts).tolist()) == list(range(count))
    assert {len(part) for part in parts} <= sizes


def taught(*, alpha, table, steps):
    """A trainee that is blind to the state, taught by an expert that is not; reward is for action 1."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    trainee = Trainee(HIDDEN, TraineeConfig(hidden=(16,)), quality=False, auxiliary=True)
    optimizer = torch.optim.Adam(trainee.parameters(), lr=0.01)
    states = np.eye(2, dtype=np.float32)[[0] * 64 + [1] * 64]
    config = TraineeConfig(hidden=(16,), minibatch=64, updates_per_step=64 * 5 / 128, value=0.0)
    expert = expert_of(HIDDEN, table)
    seen = {"compact": torch.ones(128, 1)}
    for _ in range(steps):  # on-policy rounds of a bandit
        with torch.no_grad():
            policy = trainee.family.of(trainee(seen).parameters)
            action = policy.sample(torch.Generator().manual_seed(int(rng.integers(2**31))))
        advantage = (action == 1).float() - policy.log_probs.exp()[:, 1]
        fresh = {
            **rows_of(states, HIDDEN),
            "target": np.zeros(128, np.float32),
            "action": action.numpy(),
            "log_prob": policy.log_prob(action).numpy(),
            "advantage": advantage.numpy(),
        }
        scalars = project(
            trainee,
            optimizer,
            expert=expert,
            fresh=fresh,
            buffer=None,
            config=config,
            reinforcement=Reinforcement(1.0, 0.2, alpha=alpha),
            error=torch.zeros(2),
            rng=rng,
        )
    with torch.no_grad():
        return trainee(seen).parameters.exp()[0].numpy(), scalars


def test_an_advisor_is_followed_where_it_can_be_imitated():
    table = [[0.9, 0.05, 0.05], [0.9, 0.05, 0.05]]  # the same in both states: nothing is hidden
    found, scalars = taught(alpha=20.0, table=table, steps=30)
    np.testing.assert_allclose(found, table[0], atol=0.05)
    assert scalars["advisor/weight"] > 0.9


def test_an_advisor_is_ignored_where_it_cannot_be_imitated():
    table = [
        [0.98, 0.01, 0.01],
        [0.01, 0.01, 0.98],
    ]  # what is hidden decides, never for action 1
    found, scalars = taught(alpha=20.0, table=table, steps=60)
    assert found[1] > 0.9  # reward alone says so
    assert scalars["advisor/weight"] < 0.1


def test_without_insubordination_only_imitation_is_left():
    table = [[0.98, 0.01, 0.01], [0.01, 0.01, 0.98]]
    found, scalars = taught(alpha=0.0, table=table, steps=60)
    np.testing.assert_allclose(found, np.mean(table, axis=0), atol=0.05)
    assert scalars["advisor/weight"] == 1.0


def test_a_learned_q_is_the_mean_over_what_is_hidden():
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    trainee = Trainee(HIDDEN, TraineeConfig(hidden=(16,)), quality=True, auxiliary=False)
    optimizer = torch.optim.Adam(trainee.parameters(), lr=0.01)
    hidden, action = rng.integers(2, size=600), rng.integers(3, size=600)
    worth = np.array([[1.0, 0.0, 3.0], [1.0, 2.0, -3.0]])  # of state and action; its mean is [1, 1, 0]
    rows = rows_of(np.eye(2, dtype=np.float32)[hidden], HIDDEN)
    buffer = Buffer(samples=600, megabytes=1)
    buffer.add(rows)
    project(
        trainee,
        optimizer,
        expert=Expert(HIDDEN, ExpertConfig()),
        fresh={**rows, "target": worth[hidden, action].astype(np.float32), "action": action},
        buffer=buffer,
        config=TraineeConfig(hidden=(16,), minibatch=200, updates_per_step=100, fresh=1.0),
        reinforcement=None,
        error=torch.zeros(2),
        rng=rng,
    )
    with torch.no_grad():
        found = trainee({"compact": torch.ones(1, 1)}).quality[0].numpy()
    expected = [worth[hidden[action == a], a].mean() for a in range(3)]
    np.testing.assert_allclose(found, expected, atol=0.15)
    np.testing.assert_allclose(expected, [1.0, 1.0, 0.0], atol=0.5)
