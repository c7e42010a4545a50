"""Which server each world gets."""

import pytest

from a2d.config import EnvConfig
from a2d.vector import WorldError, make_worlds


def test_two_worlds_cannot_share_one_address():
    env = EnvConfig(id="gridworlds/FrozenLake-v0", server="127.0.0.1:2000", vector="sync")
    with pytest.raises(WorldError, match=r"2 worlds need a server each.*set env.count=1"):
        make_worlds(env, count=2, suite="train")
