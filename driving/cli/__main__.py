"""`python -m driving.cli`, the same as `driving`."""

from driving.cli import main

main()
