"""A run's trainee as an ONNX graph: what the world shows goes in, what the world takes comes out."""

from __future__ import annotations

import warnings
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from a2d.distributions import Gaussian
from a2d.errors import A2DError
from a2d.files import write_atomically
from a2d.policies import Expert, Trainee
from a2d.run import Run, checkpoint_id

OPSET = 18
"""Of ONNX, 2022: runtimes that take uint8 pictures and a free batch size have it."""
MEMORY, NEXT_MEMORY = "memory", "next_memory"
"""What a recurrent trainee remembers (B, H): zeros where an episode begins, then what came out."""


class ExportError(A2DError):
    """A trainee cannot be exported."""


class Acting(nn.Module):
    """One deterministic step of a trainee, as the graph computes it.

    In, by position: each key that the trainee reads, (B, ...) as the world gives it, pictures uint8; then
    the memory (B, H) of a recurrent one.
    Out: `action` as the world takes it, (B, A) float32 in [-1, 1] or (B,) int64; what it is the most
    probable of, `mean` and `log_std` (B, A), or `log_probs` (B, A); then the memory after the step.
    """

    def __init__(self, trainee: Trainee) -> None:
        super().__init__()
        self.trainee = trainee
        self.inputs = [*trainee.reads, *([MEMORY] if trainee.memory else [])]
        gaussian = trainee.family.kind == "gaussian"
        self.outputs = ["action", *(["mean", "log_std"] if gaussian else ["log_probs"])]
        self.outputs += [NEXT_MEMORY] if trainee.memory else []

    def forward(self, *seen: Tensor) -> tuple[Tensor, ...]:
        """One step of each of B worlds."""
        given = dict(zip(self.inputs, seen, strict=True))
        reading = self.trainee.step(given, memory=given.get(MEMORY))
        distribution = self.trainee.family.of(reading.parameters)
        after = () if reading.memory is None else (reading.memory,)
        if isinstance(distribution, Gaussian):
            action = distribution.mode().clamp(-1.0, 1.0)
            return action, distribution.mean, distribution.log_std, *after
        return distribution.mode(), reading.parameters, *after

    def example(self) -> tuple[Tensor, ...]:
        """Inputs of two worlds, all zero."""
        shapes = self.trainee.shapes
        sizes = dict(shapes.vectors) | {MEMORY: self.trainee.memory}
        return tuple(
            torch.zeros(2, *(shapes.image or ()), dtype=torch.uint8)
            if name == "image" and shapes.image
            else torch.zeros(2, sizes[name])
            for name in self.inputs
        )


def export(run: Run, path: Path) -> Acting:
    """Write the graph of a run's trainee, whole or not at all; its metadata tell what it is.

    Returns:
        What the graph computes, with the names of its inputs and outputs.

    Raises:
        ExportError: A package is missing, or the run gives no trainee.
        RunError: There is no checkpoint, or the file cannot be written.
    """
    trainee = run.load_trainee("cpu")
    if isinstance(trainee, Expert):
        raise ExportError(
            f"{run.called} is a run of {run.config.method} and gives an expert that reads the simulator's "
            "state, no trainee"
        )
    acting = Acting(trainee).eval()
    model = _graph(acting)
    for key, value in _facts(run).items():
        model.metadata_props.add(key=key, value=value)
    model.doc_string = " ".join((Acting.__doc__ or "").split())
    write_atomically(path, model.SerializeToString())
    return acting


def _graph(acting: Acting) -> Any:
    """The ONNX model, with a free batch size."""
    try:
        import onnx
        import onnxscript  # noqa: F401 (torch's exporter needs it)
    except ImportError as error:
        raise ExportError(
            f"{error.name} is not installed, and ONNX needs it: pip install 'a2d-driving[export]'"
        ) from error
    batch = torch.export.Dim("batch")
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message="# The axis name: batch"
        )  # one name for all inputs is meant
        program = torch.onnx.export(
            acting,
            acting.example(),
            input_names=acting.inputs,
            output_names=acting.outputs,
            dynamic_shapes=(tuple({0: batch} for _ in acting.inputs),),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise ExportError("torch gave no ONNX program")
    onnx.checker.check_model(program.model_proto)
    return program.model_proto


def _facts(run: Run) -> dict[str, str]:
    config = run.config
    return {
        "preset": config.preset,
        "method": config.method,
        "world": config.env.id,
        "seed": str(config.seed),
        "commit": ", ".join(run.commits) or "unknown",
        "checkpoint": checkpoint_id(run),
        "made_by": f"a2d-driving {metadata.version('a2d-driving')}",
    }
