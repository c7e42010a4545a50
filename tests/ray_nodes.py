"""A Ray cluster on this machine, with the test as its driver."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest


@contextlib.contextmanager
def ray_nodes(count: int, *, workers: int) -> Iterator[Any]:
    """So many nodes with room for so many workers each.

    Skips where Ray is not installed, and where the machine is too busy to start it.
    """
    ray = pytest.importorskip("ray", reason="Ray is not installed: the extra [cluster]")
    cluster_utils = pytest.importorskip("ray.cluster_utils")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # where workers find the worlds of tests
        cluster = cluster_utils.Cluster()
        try:
            for _ in range(count):
                add_node(cluster, workers=workers)
            ray.init(address=cluster.address, logging_level=logging.ERROR, log_to_driver=False)
            yield cluster
        except Exception as error:
            if "timed out during startup" in str(error):  # Ray gives a node 30 s, whatever else runs
                pytest.skip(f"this machine is too busy to start a Ray node: {error}")
            raise
        finally:
            ray.shutdown()
            cluster.shutdown()


def add_node(cluster: Any, *, workers: int) -> Any:
    """One more."""
    room = {"num_cpus": 1, "resources": {"carla": workers}, "object_store_memory": 100 * 2**20}
    return cluster.add_node(**room, **_free_ports())


def _free_ports() -> dict[str, int]:
    """Of a node's agents: where they are given, a node does not wait for agents that start slowly."""
    agents = ("metrics_agent", "metrics_export", "runtime_env_agent", "dashboard_agent_listen")
    names = [f"{agent}_port" for agent in agents]
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("", 0))) for _ in names]
        return {name: sock.getsockname()[1] for name, sock in zip(names, sockets, strict=True)}
