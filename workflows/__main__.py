"""`python -m workflows` is `newsreel`."""

from workflows.cli import main

main()
