"""What `depends`, `when` and a retry's `expression` say, on top of their common grammar in `expression`."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce

from newsreel.errors import BadInput
from workflows.local.expression import Call, Either, Expression, Literal, Name, Value, evaluate, names, parse
from workflows.local.outcome import Outcome, Phase

__all__ = ["Depends", "read_depends", "read_retry", "retries", "when"]

STATUS_WORDS = ("Succeeded", "Failed", "Errored", "Skipped", "Omitted", "Daemoned", "AnySucceeded", "AllFailed")
IF_PLAIN = ("Succeeded", "Skipped", "Daemoned")
"""What a task's bare name in `depends` stands for (argo-workflows, docs/enhanced-depends-logic.md)."""
LAST_RETRY = ("lastRetry.exitCode", "lastRetry.status")
FUNCTIONS = ("asInt",)


@dataclass(frozen=True)
class Depends:
    """A task's `depends`, read."""

    expression: Expression | None
    """None for a task that depends on nothing."""
    tasks: frozenset[str]

    def met(self, ended: Mapping[str, Outcome]) -> bool:
        """Whether the task is to run; `ended` has an outcome for each of `tasks`."""
        if self.expression is None:
            return True
        values = {f"{task}.{word}": truth for task in self.tasks for word, truth in status_words(ended[task]).items()}
        return bool(evaluate(self.expression, values))


def read_depends(text: str | None, dependencies: Iterable[str] = ()) -> Depends:
    """Read `depends: A && (B.Failed || B.Errored)`, or the older `dependencies: [A, B]`. Raises BadInput."""
    if text:
        expression = parse(text, task_status)
        return Depends(expression, frozenset(name.rsplit(".", 1)[0] for name in names(expression)))
    listed = [*dependencies]
    plain = [task_status(name) for name in listed]
    return Depends(reduce(lambda left, right: Either(left, right, both=True), plain) if plain else None, frozenset(listed))


def task_status(word: str) -> Expression:
    task, dot, status = word.rpartition(".")
    if not dot:
        either: list[Expression] = [Name(f"{word}.{plain}") for plain in IF_PLAIN]
        return reduce(Either, either)
    if status not in STATUS_WORDS:
        raise BadInput(f"depends: `{word}`: no such status; known: {', '.join(STATUS_WORDS)}")
    return Name(f"{task}.{status}")


def status_words(outcome: Outcome) -> dict[str, bool]:
    return {
        "Succeeded": outcome.phase is Phase.SUCCEEDED,
        "Failed": outcome.phase is Phase.FAILED,
        "Errored": outcome.phase is Phase.ERROR,
        "Skipped": outcome.phase is Phase.SKIPPED,
        "Omitted": outcome.phase is Phase.OMITTED,
        "Daemoned": outcome.phase is Phase.DAEMONED,
        "AnySucceeded": any(item.phase is Phase.SUCCEEDED for item in outcome.items),
        "AllFailed": bool(outcome.items) and all(item.phase is Phase.FAILED for item in outcome.items),
    }


def when(text: str) -> bool:
    """Evaluate a `when` whose references are filled in. Raises BadInput.

    Bare words are texts, as Argo makes them: `todo == todo`. Numbers are compared as numbers, and never equal a word.
    """
    truth = evaluate(parse(text, bare_word), {})
    if not isinstance(truth, bool):
        raise BadInput(f"when: `{text}` is neither true nor false")
    return truth


def bare_word(word: str) -> Expression:
    if word in ("true", "false"):
        return Literal(word == "true")
    if re.fullmatch(r"[A-Za-z_]\w*", word, re.ASCII):
        return Literal(word)
    if re.fullmatch(r"\d+", word):
        return Literal(str(int(word)))
    raise BadInput(f"when: `{word}` must be in quotes")


def read_retry(text: str) -> Expression:
    """Read a retry's `expression` and try it once, so that what cannot be evaluated is found before anything runs."""
    expression = parse(text, retry_word)
    unknown = [call for call in calls(expression) if call not in FUNCTIONS]
    if unknown:
        raise BadInput(f"expression: `{unknown[0]}()` is not known; known: {', '.join(FUNCTIONS)}")
    if not isinstance(evaluate(expression, dict.fromkeys(LAST_RETRY, "0"), {"asInt": as_int}), bool):
        raise BadInput(f"expression: `{text}` is neither true nor false")
    return expression


def retries(expression: Expression, last: Outcome) -> bool:
    """Whether a retry's expression, read by `read_retry`, wants another try after `last`."""
    exit_code = "-1" if last.exit_status is None else str(last.exit_status)
    values: dict[str, Value] = {"lastRetry.exitCode": exit_code, "lastRetry.status": last.phase.value}
    return bool(evaluate(expression, values, {"asInt": as_int}))


def retry_word(word: str) -> Expression:
    if word in LAST_RETRY:
        return Name(word)
    if re.fullmatch(r"\d+", word):
        return Literal(int(word))
    raise BadInput(f"expression: `{word}` is not known; known: {', '.join(LAST_RETRY)}, asInt(), numbers, 'texts'")


def calls(expression: Expression) -> Iterable[str]:
    match expression:
        case Call(function, argument):
            return [function, *calls(argument)]
        case Literal() | Name():
            return []
        case _:
            parts = [part for part in vars(expression).values() if not isinstance(part, bool)]
            return [call for part in parts for call in calls(part)]


def as_int(value: Value) -> Value:
    try:
        return int(value)
    except ValueError:
        raise BadInput(f"asInt: {value!r} is not a number") from None
