"""References and expressions in a WorkflowTemplate: `{{...}}`, `depends`, `when` and the `expression` of a retryStrategy.

The three expression languages share one grammar and differ in the meaning of an unquoted word:

    or          = and { "||" and }
    and         = comparison { "&&" comparison }
    comparison  = unary [ ("==" | "!=") unary ]
    unary       = "!" unary | "(" or ")" | 'text' | "text" | word [ "(" or ")" ]

Argo evaluates `depends` and `expression` with expr-lang and `when` with govaluate. What is accepted here means the same there;
what is not is refused before anything runs.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType

from workflows.local.settings import InvalidWorkflow
from workflows.local.status import Outcome, Phase

REFERENCE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


def references(text: str) -> list[str]:
    """The names a text refers to.

    >>> references("{{inputs.parameters.dir}}/x of {{ workflow.uid }}")
    ['inputs.parameters.dir', 'workflow.uid']
    """
    return [name.strip() for name in REFERENCE.findall(text)]


def substitute(text: str, values: Mapping[str, str]) -> str:
    """Replace references by values. Raises InvalidWorkflow for a name without a value.

    Values are not expanded again. Argo does that, which is why an argument that contains `{{` is refused before a run starts.

    >>> substitute("{{item}} of {{inputs.parameters.story}}", {"item": "3", "inputs.parameters.story": "{{item}}"})
    '3 of {{item}}'
    """

    def value_of(found: re.Match[str]) -> str:
        if (name := found[1].strip()) not in values:
            raise InvalidWorkflow(f"`{{{{{name}}}}}` has no value here")
        return values[name]

    return REFERENCE.sub(value_of, text)


# Grammar

Value = str | int | bool
Values = Mapping[str, Value]
Functions = Mapping[str, Callable[[Value], Value]]

TOKEN = re.compile(
    r"""\s*(?:(?P<operator>&&|\|\||==|!=|!|\(|\))|'(?P<single>[^'\\]*)'|"(?P<double>[^"\\]*)"|(?P<word>[A-Za-z0-9_][\w.-]*))""",
    re.ASCII,
)
MAX_DEPTH = 50


@dataclass(frozen=True)
class Expression:
    """A parsed expression: its value for given names, and the names it refers to, left to right.

    Evaluation raises InvalidWorkflow where types do not fit, as expr-lang does (`"75" == 75`, `!"text"`).
    """

    evaluate: Callable[[Values], Value]
    names: tuple[str, ...] = ()

    def holds(self, values: Values) -> bool:
        """The value of a condition. Raises InvalidWorkflow where it is neither true nor false."""
        value = self.evaluate(values)
        if not isinstance(value, bool):
            raise InvalidWorkflow(f"`{value}` is neither true nor false")
        return value


def literal(value: Value) -> Expression:
    return Expression(lambda values: value)


def name(name: str) -> Expression:
    return Expression(lambda values: values[name], (name,))


def negation(operand: Expression) -> Expression:
    return Expression(lambda values: not operand.holds(values), operand.names)


def conjunction(left: Expression, right: Expression) -> Expression:
    return Expression(lambda values: left.holds(values) and right.holds(values), left.names + right.names)


def disjunction(left: Expression, right: Expression) -> Expression:
    return Expression(lambda values: left.holds(values) or right.holds(values), left.names + right.names)


def equality(left: Expression, right: Expression) -> Expression:
    def equal(values: Values) -> bool:
        one, other = left.evaluate(values), right.evaluate(values)
        if type(one) is not type(other):
            raise InvalidWorkflow(f"{one!r} and {other!r} are of different types and cannot be compared")
        return one == other

    return Expression(equal, left.names + right.names)


def parse(text: str, word: Callable[[str], Expression], functions: Functions = MappingProxyType({})) -> Expression:
    """Read an expression; `word` gives the meaning of an unquoted word. Raises InvalidWorkflow that quotes the faulty part."""
    parser = Parser(text, [*tokens(text)], word, functions)
    expression = parser.disjunction()
    if parser.tokens:
        raise InvalidWorkflow(f"`{text}`: unexpected `{parser.tokens[0][1]}`")
    return expression


def tokens(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while text[position:].strip():
        if not (match := TOKEN.match(text, position)):
            raise InvalidWorkflow(f"`{text}`: cannot read `{text[position:].strip()[:20]}`; does a value need quotes?")
        kind = match.lastgroup or ""
        yield kind, match[kind]
        position = match.end()


@dataclass
class Parser:
    """Recursive descent, one method per rule of the grammar."""

    text: str
    tokens: list[tuple[str, str]]
    word: Callable[[str], Expression]
    functions: Functions
    depth: int = 0

    def accept(self, *operators: str) -> str | None:
        found = self.tokens and self.tokens[0][0] == "operator" and self.tokens[0][1] in operators
        return self.tokens.pop(0)[1] if found else None

    def disjunction(self) -> Expression:
        expression = self.conjunction()
        while self.accept("||"):
            expression = disjunction(expression, self.conjunction())
        return expression

    def conjunction(self) -> Expression:
        expression = self.comparison()
        while self.accept("&&"):
            expression = conjunction(expression, self.comparison())
        return expression

    def comparison(self) -> Expression:
        expression = self.unary()
        if operator := self.accept("==", "!="):
            equal = equality(expression, self.unary())
            return negation(equal) if operator == "!=" else equal
        return expression

    def unary(self) -> Expression:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise InvalidWorkflow(f"`{self.text[:40]}...`: nested deeper than {MAX_DEPTH}")
        try:
            if self.accept("!"):
                return negation(self.unary())
            return self.parenthesized() if self.accept("(") else self.operand()
        finally:
            self.depth -= 1

    def operand(self) -> Expression:
        if not self.tokens or self.tokens[0][0] == "operator":
            place = f"before `{self.tokens[0][1]}`" if self.tokens else "at the end"
            raise InvalidWorkflow(f"`{self.text}`: a value is missing {place}")
        kind, text = self.tokens.pop(0)
        if kind != "word":
            return literal(text)
        if not self.accept("("):
            return self.word(text)
        if not (function := self.functions.get(text)):
            raise InvalidWorkflow(f"`{text}()` is not a function; known: {', '.join(self.functions) or 'none'}")
        argument = self.parenthesized()
        return Expression(lambda values: function(argument.evaluate(values)), argument.names)

    def parenthesized(self) -> Expression:
        expression = self.disjunction()
        if not self.accept(")"):
            raise InvalidWorkflow(f"`{self.text}`: a `)` is missing")
        return expression


# `depends`

DEFAULT_STATUSES = ("Succeeded", "Skipped", "Daemoned")
"""What a bare task name in `depends` stands for (argo-workflows, docs/enhanced-depends-logic.md)."""
TASK_STATUS = {
    "Succeeded": Phase.SUCCEEDED,
    "Failed": Phase.FAILED,
    "Errored": Phase.ERROR,
    "Skipped": Phase.SKIPPED,
    "Omitted": Phase.OMITTED,
    "Daemoned": Phase.READY,
}


@dataclass(frozen=True)
class Depends:
    """The parsed `depends` of a task."""

    expression: Expression
    tasks: frozenset[str]

    def met(self, ended: Mapping[str, Outcome]) -> bool:
        """Whether the task runs; `ended` has an outcome for each of `tasks`."""
        return self.expression.holds(
            {f"{task}.{word}": ended[task].phase is phase for task in self.tasks for word, phase in TASK_STATUS.items()}
        )


def read_depends(text: str | None) -> Depends:
    """Read `depends: A && (B.Failed || B.Errored)`. Raises InvalidWorkflow."""
    expression = parse(text, task_status) if text else literal(True)
    return Depends(expression, frozenset(status.rsplit(".", 1)[0] for status in expression.names))


def task_status(word: str) -> Expression:
    _, dot, status = word.rpartition(".")
    if not dot:
        return reduce(disjunction, [name(f"{word}.{default}") for default in DEFAULT_STATUSES])
    if status not in TASK_STATUS:
        raise InvalidWorkflow(f"depends: `{word}`: no such status; known: {', '.join(TASK_STATUS)}")
    return name(word)


# `when`


def when(text: str) -> bool:
    """Evaluate a `when` whose references are replaced. Raises InvalidWorkflow.

    Unquoted words are strings, as in Argo: `todo == todo`. Numbers are compared as numbers and never equal a word.
    """
    return parse(text, bare_word).holds({})


def bare_word(word: str) -> Expression:
    if word in ("true", "false"):
        return literal(word == "true")
    if re.fullmatch(r"[A-Za-z_]\w*", word, re.ASCII):
        return literal(word)
    if re.fullmatch(r"\d+", word):
        return literal(str(int(word)))
    raise InvalidWorkflow(f"when: `{word}` needs quotes")


# `expression` of a retryStrategy

LAST_RETRY = ("lastRetry.exitCode", "lastRetry.status")


def read_retry(text: str) -> Expression:
    """Read a retry's `expression` and evaluate it once, so that one that cannot be evaluated is refused before anything runs."""
    expression = parse(text, retry_word, {"asInt": as_int})
    expression.holds(dict.fromkeys(LAST_RETRY, "0"))
    return expression


def retry_holds(expression: Expression, last: Outcome) -> bool:
    """Whether a retry's expression is true after the outcome `last`."""
    exit_code = "-1" if last.exit_status is None else str(last.exit_status)
    return expression.holds({"lastRetry.exitCode": exit_code, "lastRetry.status": last.phase.value})


def retry_word(word: str) -> Expression:
    if word in LAST_RETRY:
        return name(word)
    if re.fullmatch(r"\d+", word):
        return literal(int(word))
    raise InvalidWorkflow(f"expression: `{word}` is unknown; known: {', '.join(LAST_RETRY)}, asInt(), numbers, 'strings'")


def as_int(value: Value) -> Value:
    try:
        return int(value)
    except ValueError:
        raise InvalidWorkflow(f"asInt: {value!r} is not a number") from None
