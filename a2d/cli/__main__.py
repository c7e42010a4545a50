"""`python -m a2d.cli`, the same as `a2d`."""

from a2d.cli import main

main()
