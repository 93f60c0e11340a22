"""Log lines of a program: plain text, or with NEWSREEL_LOG=json one JSON object a line for log collectors.

    gentle: scene 00: 3 words in 0.1 s
    {"time": "2026-11-22T12:00:00.120+00:00", "severity": "INFO", "message": "scene 00: 3 words in 0.1 s", "step": "gentle",
     "workflow": "budget-r1", "story": "budget", "revision": 1}

The first three fields, and `stack_trace`, are those of Cloud Logging and Error Reporting (Google Cloud, "Structured logging",
"Format errors in logs"). An entry is always one line of ASCII, whatever a story contains.
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
"""`json` or `text` (default); the name of the workflow that the process runs for."""
NO_FIELDS: Final[Mapping[str, object]] = MappingProxyType({})


class JsonFormatter(logging.Formatter):
    """An entry as a line of JSON, with the fields of `set_log_context` and those of the entry, `extra={"fields": {...}}`."""

    def __init__(self, context: Mapping[str, object] = NO_FIELDS) -> None:
        super().__init__()
        self.context = context

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "severity": record.levelname,
            "message": record.getMessage(),
            **self.context,
            **getattr(record, "fields", NO_FIELDS),
        }
        if record.exc_info:
            entry["stack_trace"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


class PlainFormatter(logging.Formatter):
    """For people: the step and the message; a traceback comes first, so that the last line is the one to read."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{getattr(record, 'fields', NO_FIELDS).get('step', record.name)}: {record.getMessage()}"
        return f"{self.formatException(record.exc_info)}\n{line}" if record.exc_info else line


class StandardErrorHandler(logging.Handler):
    """Writes to the sys.stderr of the moment, not to that of the import."""

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
    """Configure the process from the environment. JSON entries include those of libraries, from warnings on, which log to the
    root logger. Raises BadInput for an unknown form."""
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


def set_log_context(**fields: object) -> None:
    """Add fields to every later entry of this process: `set_log_context(story="budget", revision=3)`."""
    CONTEXT.update({name: value for name, value in fields.items() if value not in (None, "")})


def log(step: str, message: str, level: int = logging.INFO, *, defect: bool = False, **fields: object) -> None:
    """`log("gentle", "scene 00: 3 words in 0.1 s")`; `defect` adds the traceback of the current exception."""
    LOG.log(level, message, exc_info=defect, extra={"fields": {"step": step, **fields}})
