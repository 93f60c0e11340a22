"""What a program says while it runs: plain lines, or where NEWSREEL_LOG=json one JSON object a line, for whoever gathers logs.

    gentle: scene 00: 3 words in 0.1 s
    {"time": "2026-11-22T12:00:00.120+00:00", "severity": "INFO", "message": "scene 00: 3 words in 0.1 s", "step": "gentle",
     "workflow": "budget-r1", "story": "budget", "revision": 1}

The first three names, and `stack_trace`, are those that Cloud Logging and Error Reporting look for (Google Cloud, "Structured
logging", "Format errors in logs"). Whatever a story holds, an entry stays one line of ASCII.
"""

import json
import logging
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from newsreel.errors import BadInput

LOG_FORMAT_VARIABLE, WORKFLOW_VARIABLE = "NEWSREEL_LOG", "NEWSREEL_WORKFLOW"
"""Variables: `json` or `text`, the latter when unset; the name of the workflow that the process runs for."""
NO_FIELDS: Final[Mapping[str, object]] = MappingProxyType({})


class JsonFormatter(logging.Formatter):
    """An entry as a line of JSON. `set_log_context` stands in each; what is one entry's alone it brings as `extra={"told":
    {...}}`."""

    def __init__(self, set_log_context: Mapping[str, object] = NO_FIELDS) -> None:
        super().__init__()
        self.about = set_log_context

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "severity": record.levelname,
            "message": record.getMessage(),
            **self.about,
            **getattr(record, "told", NO_FIELDS),
        }
        if record.exc_info:
            entry["stack_trace"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


class PlainFormatter(logging.Formatter):
    """For people: what was said, after who says it; a traceback before both, so that the last line is the one to read."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{getattr(record, 'told', NO_FIELDS).get('step', record.name)}: {record.getMessage()}"
        return f"{self.formatException(record.exc_info)}\n{line}" if record.exc_info else line


class StandardErrorHandler(logging.Handler):
    """Whatever that is when something is said, not when this was imported."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr, flush=True)


CONTEXT: Final[dict[str, object]] = {}
HANDLER: Final = StandardErrorHandler()
HANDLER.setFormatter(PlainFormatter())
LOG: Final = logging.getLogger("newsreel")
LOG.setLevel(logging.INFO)
LOG.propagate = False
LOG.addHandler(HANDLER)


def configure_logging(step: str) -> None:
    """For the process, as the environment says. In entries also what libraries have to say, from warnings on: they hand it to
    the root. Raises BadInput for a form that there is not."""
    form, root = os.environ.get(LOG_FORMAT_VARIABLE) or "text", logging.getLogger()
    if form not in ("json", "text"):
        raise BadInput(f"{LOG_FORMAT_VARIABLE}: {form[:40]!a} is neither json nor text")
    structured = form == "json"
    CONTEXT.clear()
    set_log_context(step=step, workflow=os.environ.get(WORKFLOW_VARIABLE))
    HANDLER.setFormatter(JsonFormatter(CONTEXT) if structured else PlainFormatter())
    (root.addHandler if structured else root.removeHandler)(HANDLER)
    logging.captureWarnings(structured)


def is_structured() -> bool:
    return isinstance(HANDLER.formatter, JsonFormatter)


def set_log_context(**told: object) -> None:
    """What each entry of this process is about from now on: `set_log_context(story="budget", revision=3)`."""
    CONTEXT.update({name: value for name, value in told.items() if value not in (None, "")})


def log(step: str, message: str, level: int = logging.INFO, *, defect: bool = False, **told: object) -> None:
    """`log("gentle", "scene 00: 3 words in 0.1 s")`; `defect` adds the traceback of the exception that is being handled."""
    LOG.log(level, message, exc_info=defect, extra={"told": {"step": step, **told}})
