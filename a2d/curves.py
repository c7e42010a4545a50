"""A run's metrics as they come, with their pace: one JSON line per round, and the same to TensorBoard."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType

from torch.utils.tensorboard import SummaryWriter

from a2d.files import explained
from a2d.processors import cpu_seconds
from a2d.run import Run
from a2d.stopwatch import INFERENCE, LOOKS, SAVES, SIMULATOR, UPDATES

BOARD = "tb"  # the folder of what TensorBoard shows
WALL, CPU = "speed/steps_per_second", "speed/steps_per_cpu_second"
TIMES = frozenset({"seconds", WALL, CPU, SIMULATOR, INFERENCE, UPDATES, LOOKS, SAVES})
"""Metrics that tell how long it took: all others of a run are the same each time."""


class Curves:
    """Open while a run trains; goes on after the rounds that its checkpoint knows."""

    def __init__(self, run: Run, *, rounds: int) -> None:
        self._run, self._pace = run, Pace()
        run.rewind(rounds)
        self._board = SummaryWriter(str(run.folder / BOARD), purge_step=rounds + 1, flush_secs=10)

    def __enter__(self) -> Curves:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._board.close()
        except OSError as failure:
            if error is None:  # else the first failure, which is on its way, tells more
                raise explained(failure, self._run.folder / BOARD) from failure

    def add(self, metrics: Mapping[str, float]) -> None:
        """Write one round's metrics; `round` must be among them.

        Raises:
            DiskFull: No space left.
        """
        metrics = {**metrics, **self._pace.since(metrics)}
        self._run.append(metrics)
        step = int(metrics["round"])
        try:
            for name, value in metrics.items():
                self._board.add_scalar(name, value, step)
        except OSError as failure:  # of TensorBoard's own thread, told with the next value
            raise explained(failure, self._run.folder / BOARD) from failure


class Pace:
    """How fast the world is stepped, learning included: of each round, and so none of the first."""

    def __init__(self) -> None:
        self._before: tuple[float, float, float] | None = None

    def since(self, metrics: Mapping[str, float]) -> dict[str, float]:
        """Steps per second since the last call, by the wall's clock and by that of the processors.

        The processors' seconds are those of this process and all that it started: workers and servers.

        Args:
            metrics: With `interactions` and `seconds`, both since the run began.
        """
        if not {"interactions", "seconds"} <= metrics.keys():
            return {}
        now = metrics["interactions"], metrics["seconds"], cpu_seconds()
        before, self._before = self._before, now
        if before is None:
            return {}
        steps, wall, cpu = (after - earlier for after, earlier in zip(now, before, strict=True))
        pace = {WALL: wall, CPU: cpu}
        return {name: round(steps / seconds, 1) for name, seconds in pace.items() if seconds > 0.0}
