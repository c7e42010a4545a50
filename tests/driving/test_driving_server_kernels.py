"""Compiled motion is never older than its source."""

from __future__ import annotations

from pathlib import Path

from driving.server import kernels, physics


def test_every_module_with_a_kernel_of_motion_counts_for_the_cache():
    folder = Path(kernels.__file__).parent
    using = {
        path.stem
        for path in folder.glob("*.py")
        if "from driving.server.kernels import kernel" in path.read_text()
    }
    assert using | {"bodies", "solids"} == set(kernels._MODULES)


def test_a_kernels_cache_is_stamped_with_all_of_their_sources():
    stamp = physics.advance._cache._cache_file._source_stamp
    assert stamp[0] == kernels._SOURCES
