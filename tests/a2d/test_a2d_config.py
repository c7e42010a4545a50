"""Presets load; whatever is mistyped is refused with the nearest valid name."""

import pytest
import yaml

from a2d.config import ConfigError, TrainConfig, flat, from_mapping, load, presets, to_yaml


@pytest.mark.parametrize("preset", ["frozen_lake", "child_crossing", "crossings", "overtaking_truck"])
def test_every_preset_loads_and_survives_being_written(preset):
    config = load(preset, [])
    assert config.preset == preset
    assert from_mapping(yaml.safe_load(to_yaml(config))) == config


def test_overrides_reach_nested_settings_with_their_types():
    config = load(
        "frozen_lake",
        [
            "env.count=3",
            "trainee.hidden=[8]",
            "rollout.beta=1",
            "env.options.image=[32,64]",
            "env.server=host:2000",
        ],
    )
    assert config.env.count == 3
    assert config.trainee.hidden == (8,)
    assert config.rollout.beta == 1.0
    assert isinstance(config.rollout.beta, float)
    assert config.env.options == {"image": [32, 64]}
    assert config.env.server == "host:2000"


def test_the_default_folder_names_preset_method_and_seed():
    assert load("frozen_lake", ["method=rl_mdp", "seed=7"]).folder == "runs/frozen_lake-rl_mdp-7"
    assert load("frozen_lake", ["run=elsewhere"]).folder == "elsewhere"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("sed=1", "no setting sed; did you mean seed?"),
        ("rollout.betta=1", "no setting rollout.betta; did you mean rollout.beta?"),
        ("gae_lambda=1", "no setting gae_lambda; did you mean rollout.gae_lambda?"),
        ("seed=a", "seed: Value 'a' of type 'str' could not be converted to Integer"),
        ("rollout=1", "rollout is a group of settings: write rollout.NAME=VALUE"),
        (
            "method=magic",
            "method is one of a2d, advisor, ail, gpo_clip,",
        ),
        ("env.vector=threads", "env.vector is one of native, async, sync, ray; got 'threads'"),
        ("env.count=0", "env.count is at least 1, got 0"),
        ("rollout.beta=1.5", r"rollout.beta is in \[0.0, 1.0\], got 1.5"),
        ("rollout.discount=nan", r"rollout.discount is in \[0.0, 1.0\], got nan"),
        ("expert.learning_rate=0", "expert.learning_rate is above 0.0, got 0.0"),
        ("env.count=[1,2]", r"env.count: .*could not be converted to Integer"),
        ("trainee.hidden=64", r"trainee.hidden: it takes a list, such as \[64,64\]"),
        ("trainee.hidden=[]", r"trainee.hidden is a list of positive numbers such as \[64,64\], got \[\]"),
        ("trainee.kernels=[3]", "trainee.channels, trainee.kernels and trainee.strides need the same length"),
        ("expert.std_end=0.01", "expert.std_end is at least 0.05, got 0.01"),
        ("trainee.hard=0.5", "trainee.hard needs trainee.state above 0"),
        ("device=gpu", "device is one of cpu, cuda; got 'gpu'"),
        ("seed", "'seed' is not key=value"),
        ("a=${", "cannot read"),
    ],
)
def test_a_bad_setting_is_one_line_that_names_what_would_do(override, message):
    with pytest.raises(ConfigError, match=message) as caught:
        load("frozen_lake", [override])
    assert "\n" not in str(caught.value)


def test_an_unknown_preset_names_the_nearest():
    with pytest.raises(ConfigError, match=r"no preset 'frozen'; did you mean frozen_lake\?"):
        load("frozen", [])
    with pytest.raises(ConfigError, match=", ".join(presets())):
        load("xyz", [])


def test_every_setting_has_one_dotted_key():
    keys = flat(TrainConfig())
    assert keys["rollout.gae_lambda"] == 0.9
    assert "env" not in keys


def test_a_preset_that_extends_another_changes_only_what_it_says():
    base, more = flat(load("tiger_door", [])), flat(load("tiger_door_2", []))
    changed = {key for key in base if base[key] != more[key]}
    assert more["env.id"] == "gridworlds/TigerDoor2-v0"
    assert {"preset", "env.id"} <= changed
    assert not {"env.count", "return_scale", "trainee.minibatch"} & changed
