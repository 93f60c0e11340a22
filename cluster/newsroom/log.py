"""One JSON object a line on standard output, as Cloud Logging and its kind read them; the story's id in each that has one."""

import logging
import sys
from typing import Final

from newsreel.runtime.log import JsonFormatter

__all__ = ["log", "set_up"]

LOG: Final = logging.getLogger("newsroom")


def set_up() -> None:
    """For the process: our lines, and uvicorn's beyond one for each request, which the guard writes better."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("uvicorn.access").disabled = True


def log(message: str, *, level: int = logging.INFO, **told: object) -> None:
    """`log("saved", story="budget", who="anna@example.org")`."""
    LOG.log(level, message, extra={"fields": {name: value for name, value in told.items() if value not in (None, "")}})
