"""A run's metrics as they come: one JSON line per round, and the same to TensorBoard."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType

from torch.utils.tensorboard import SummaryWriter

from a2d.run import Run


class Curves:
    """Open while a run trains; goes on after the rounds that its checkpoint knows."""

    def __init__(self, run: Run, *, rounds: int) -> None:
        self._run = run
        run.rewind(rounds)
        self._board = SummaryWriter(str(run.folder / "tb"), purge_step=rounds + 1, flush_secs=10)

    def __enter__(self) -> Curves:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._board.close()

    def add(self, metrics: Mapping[str, float]) -> None:
        """Write one round's metrics; `round` must be among them.

        Raises:
            DiskFull: No space left.
        """
        self._run.append(metrics)
        step = int(metrics["round"])
        for name, value in metrics.items():
            self._board.add_scalar(name, value, step)
