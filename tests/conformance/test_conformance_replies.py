"""Replies to a fixed session against the recorded ones: values on the embedded server, elsewhere shapes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from replies import record, shape

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded")]
RECORDED = json.loads((Path(__file__).parent / "replies.json").read_text())


def test_a_session_is_answered_as_it_was_recorded(fresh_endpoint):
    replies = json.loads(json.dumps(record(*fresh_endpoint)))
    assert sorted(replies) == sorted(RECORDED)
    if "CARLA_SERVER" in os.environ:
        assert {name: shape(reply) for name, reply in replies.items()} == {
            name: shape(reply) for name, reply in RECORDED.items()
        }
    else:
        assert replies == RECORDED
