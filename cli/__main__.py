"""`python -m cli` is `newsreel`."""

from cli.main import main

main()
