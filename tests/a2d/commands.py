"""The command line, called from a test."""

from __future__ import annotations

from typer.testing import CliRunner

from a2d.cli import application


def a2d(*arguments, expect: int = 0) -> str:
    """Run a command; what it printed, on one line."""
    result = CliRunner().invoke(application(list(map(str, arguments[:1]))), [str(part) for part in arguments])
    assert result.exit_code == expect, result.output
    return " ".join(result.output.split())
