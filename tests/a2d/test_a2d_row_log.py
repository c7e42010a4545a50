"""The buffer's rows on disk: each written once, read back as they were, and no longer kept than needed."""

import numpy as np
import pytest

from a2d.dataset import Buffer
from a2d.errors import RunError
from a2d.row_log import RowLog

WIDTH = 2**17  # of a picture: eight rows to the MiB


@pytest.fixture
def log(tmp_path):
    return RowLog(tmp_path / "rows")


def rows(first, last, width=4):
    numbers = np.arange(first, last)
    return {
        "x": numbers,
        "image": np.repeat(numbers[:, None], width, 1).astype(np.uint8),
        "hardness": np.ones(last - first, np.float32),
    }


def extended(log, buffer, *, megabytes=1):
    return log.extend(buffer, megabytes=megabytes, leave_out=("hardness",))


def read(log, names, newest):
    again = RowLog(log.folder)
    again.resume(names)
    parts = list(again.read(newest=newest))
    assert all(set(part) == {"x", "image"} for part in parts)
    found = np.concatenate([part["x"] for part in parts]).tolist()
    np.testing.assert_array_equal(np.concatenate([part["image"] for part in parts])[:, 0], found)
    return found


def test_each_row_is_written_once_and_all_are_read_in_their_order(log):
    buffer = Buffer(samples=100, megabytes=1)
    assert extended(log, buffer) == []
    assert not log.folder.exists()
    buffer.add(rows(0, 3))
    first = extended(log, buffer)
    written = (log.folder / first[0]).stat().st_mtime_ns
    buffer.add(rows(3, 5))
    buffer.add(rows(5, 6))
    names = extended(log, buffer)
    assert names == ["000000000000-000000000003.rows", "000000000003-000000000006.rows"]
    assert (log.folder / first[0]).stat().st_mtime_ns == written
    assert extended(log, buffer) == names  # nothing is new
    assert read(log, names, 6) == [0, 1, 2, 3, 4, 5]
    assert read(log, names, 4) == [2, 3, 4, 5]
    assert read(log, names, 2) == [4, 5]


def test_files_whose_rows_the_buffer_forgot_are_named_no_more_and_deleted(log):
    buffer = Buffer(samples=4, megabytes=1)
    for first in range(0, 9, 3):
        buffer.add(rows(first, first + 3))
        names = extended(log, buffer)
        log.keep(names)
    assert names == ["000000000003-000000000006.rows", "000000000006-000000000009.rows"]
    assert sorted(path.name for path in log.folder.iterdir()) == names
    assert read(log, names, 4) == [5, 6, 7, 8]
    log.keep([])
    assert not log.folder.exists()


def test_of_more_rows_than_the_buffer_holds_the_newest_are_written(log):
    buffer = Buffer(samples=4, megabytes=1)
    buffer.add(rows(0, 9))
    names = extended(log, buffer)
    assert names == ["000000000005-000000000009.rows"]
    assert read(log, names, 4) == [5, 6, 7, 8]


def test_so_many_megabytes_of_the_newest_are_kept(log):
    buffer = Buffer(samples=100, megabytes=64)
    for first in range(0, 20, 5):
        buffer.add(rows(first, first + 5, WIDTH))
        names = extended(log, buffer)
    assert buffer.fitting(1) == 7
    assert names == ["000000000010-000000000015.rows", "000000000015-000000000020.rows"]
    log.keep(names)
    assert log.size < 2 * 5 * (WIDTH + 100) + 10_000
    assert extended(log, buffer, megabytes=0) == []


def test_a_log_goes_on_where_the_checkpoint_that_named_its_files_was(log):
    buffer = Buffer(samples=100, megabytes=1)
    buffer.add(rows(0, 3))
    names = extended(log, buffer)
    buffer.add(rows(3, 5))
    extended(log, buffer)  # and then it was killed, before a checkpoint named these
    resumed, again = RowLog(log.folder), Buffer(samples=100, megabytes=1)
    resumed.resume(names)
    parts = [{**part, "hardness": np.ones(3, np.float32)} for part in resumed.read(newest=3)]
    again.restore(parts, count=resumed.count, position=3, total=3)
    again.add(rows(3, 7))
    names = extended(resumed, again)
    assert names == ["000000000000-000000000003.rows", "000000000003-000000000007.rows"]
    resumed.keep(names)
    assert sorted(path.name for path in log.folder.iterdir()) == names
    assert read(log, names, 7) == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"x" * 100)])
def test_a_file_that_is_gone_or_damaged_is_named_with_the_remedy(log, damage):
    buffer = Buffer(samples=100, megabytes=1)
    buffer.add(rows(0, 3))
    names = extended(log, buffer)
    damage(log.folder / names[0])
    with pytest.raises(
        RunError, match=r"0003\.rows cannot be read, and the run's checkpoint needs it: restore a copy"
    ):
        read(log, names, 3)
