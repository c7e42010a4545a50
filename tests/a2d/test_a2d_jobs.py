"""Processes at once: as many as asked for, in order, each failure told, none left behind."""

import sys

import psutil
import pytest

from a2d.jobs import Job, run_jobs


def job(folder, name, code, after=""):
    return Job(name, [sys.executable, "-S", "-c", code], folder / f"{name}.txt", after)


def outcomes(jobs, at_once=2):
    found = {}
    run_jobs(
        jobs,
        at_once=at_once,
        environment={"ANSWER": "42"},
        ended=lambda job, trouble: found.update({job.name: trouble}),
    )
    return found


def test_jobs_run_with_their_variables_and_leave_a_log(tmp_path):
    assert outcomes([job(tmp_path, "a", "import os; print(os.environ['ANSWER'])")]) == {"a": ""}
    assert (tmp_path / "a.txt").read_text() == "42\n"


def test_one_at_a_time_is_one_after_the_other(tmp_path):
    assert list(outcomes([job(tmp_path, name, "") for name in "abc"], at_once=1)) == ["a", "b", "c"]


def test_two_at_a_time_run_together(tmp_path):
    codes = {
        name: f"import os, time\nopen({str(tmp_path / name)!r}, 'w')\n"
        f"while not os.path.exists({str(tmp_path / other)!r}): time.sleep(0.01)"
        for name, other in (("a", "b"), ("b", "a"))
    }
    assert outcomes([job(tmp_path, name, code) for name, code in codes.items()]) == {"a": "", "b": ""}


def test_a_failure_is_told_by_its_last_lines_and_stops_only_those_that_need_it(tmp_path):
    found = outcomes(
        [
            job(tmp_path, "bad", "print('on the way'); raise SystemExit('error: no such world')"),
            job(tmp_path, "mute", "raise SystemExit(3)"),
            job(tmp_path, "needs-too", "", after="needs"),
            job(tmp_path, "needs", "", after="bad"),
            job(tmp_path, "good", ""),
            job(tmp_path, "needs-good", "", after="good"),
        ]
    )
    assert found == {
        "bad": "on the way\nerror: no such world",
        "mute": "ended with 3 and no word",
        "needs": "not started, since bad failed",
        "needs-too": "not started, since needs failed",
        "good": "",
        "needs-good": "",
    }


def test_a_job_waits_for_the_one_it_needs_but_not_for_one_that_is_long_done(tmp_path):
    found = outcomes(
        [
            job(tmp_path, "second", "", after="first"),
            job(tmp_path, "first", "import time; time.sleep(0.2)"),
            job(tmp_path, "third", "", after="done before"),
        ]
    )
    assert list(found) == ["third", "first", "second"]
    assert set(found.values()) == {""}


def test_whatever_ends_the_caller_ends_its_jobs(tmp_path):
    def interrupt(finished, trouble):
        raise KeyboardInterrupt

    up = str(tmp_path / "up")
    long = f"import os, time; print(os.getpid(), flush=True); open({up!r}, 'w'); time.sleep(60)"
    wait = f"import os, time\nwhile not os.path.exists({up!r}): time.sleep(0.01)"
    with pytest.raises(KeyboardInterrupt):
        run_jobs(
            [job(tmp_path, "long", long), job(tmp_path, "short", wait)],
            at_once=2, environment={}, ended=interrupt,
        )  # fmt: skip
    assert not psutil.pid_exists(int((tmp_path / "long.txt").read_text()))
