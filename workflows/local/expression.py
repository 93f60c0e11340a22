"""The three small languages of a WorkflowTemplate: `depends`, `when` and a retry's `expression`.

They share one grammar, that of truth and equality, and differ in what a word means:

    either      = both { "||" both }
    both        = comparison { "&&" comparison }
    comparison  = unary [ ("==" | "!=") unary ]
    unary       = "!" unary | "(" either ")" | 'text' | "text" | word [ "(" either ")" ]

Argo hands `depends` and `expression` to expr-lang and `when` to govaluate; what is accepted here means the same there, and what
is not is refused, by name, before anything runs.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from newsreel.errors import BadInput

__all__ = ["Call", "Either", "Equal", "Expression", "Literal", "Name", "Not", "Value", "evaluate", "names", "parse"]

Value = str | int | bool

TOKEN = re.compile(
    r"""\s*(?:(?P<sign>&&|\|\||==|!=|!|\(|\))|'(?P<single>[^'\\]*)'|"(?P<double>[^"\\]*)"|(?P<word>[A-Za-z0-9_][\w.-]*))""",
    re.ASCII,
)
DEEPEST = 50


@dataclass(frozen=True)
class Literal:
    value: Value


@dataclass(frozen=True)
class Name:
    name: str


@dataclass(frozen=True)
class Call:
    function: str
    argument: "Expression"


@dataclass(frozen=True)
class Not:
    operand: "Expression"


@dataclass(frozen=True)
class Equal:
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True)
class Either:
    """`left || right`; `both` for `&&`."""

    left: "Expression"
    right: "Expression"
    both: bool = False


Expression = Literal | Name | Call | Not | Equal | Either
Word = Callable[[str], Expression]
"""What a word that is not in quotes means in a language; raises BadInput where it means nothing."""


def parse(text: str, word: Word) -> Expression:
    """Read an expression. Raises BadInput that names what cannot be read."""
    reader = Reader(text, [*tokens(text)], word)
    expression = reader.either()
    if reader.left:
        raise BadInput(f"`{text}`: cannot go on at `{reader.left[0][1]}`")
    return expression


def tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while text[at:].strip():
        if not (match := TOKEN.match(text, at)):
            raise BadInput(f"`{text}`: cannot read `{text[at:].strip()[:20]}`; is a value to be in quotes?")
        kind = match.lastgroup or ""
        yield kind, match[kind]
        at = match.end()


class Reader:
    """Recursive descent, one method a rule of the grammar."""

    def __init__(self, text: str, left: list[tuple[str, str]], word: Word) -> None:
        self.text = text
        self.left = left
        self.word = word
        self.depth = 0

    def takes(self, *signs: str) -> str | None:
        return self.left.pop(0)[1] if self.left and self.left[0][0] == "sign" and self.left[0][1] in signs else None

    def either(self) -> Expression:
        expression = self.both()
        while self.takes("||"):
            expression = Either(expression, self.both())
        return expression

    def both(self) -> Expression:
        expression = self.comparison()
        while self.takes("&&"):
            expression = Either(expression, self.comparison(), both=True)
        return expression

    def comparison(self) -> Expression:
        expression = self.unary()
        if sign := self.takes("==", "!="):
            equal = Equal(expression, self.unary())
            return Not(equal) if sign == "!=" else equal
        return expression

    def unary(self) -> Expression:
        self.depth += 1
        if self.depth > DEEPEST:
            raise BadInput(f"`{self.text[:40]}...`: nested deeper than {DEEPEST}")
        try:
            if self.takes("!"):
                return Not(self.unary())
            if self.takes("("):
                return self.closed(self.either())
            return self.value()
        finally:
            self.depth -= 1

    def value(self) -> Expression:
        if not self.left or self.left[0][0] == "sign":
            raise BadInput(f"`{self.text}`: a value is missing {f'before `{self.left[0][1]}`' if self.left else 'at the end'}")
        kind, text = self.left.pop(0)
        if kind != "word":
            return Literal(text)
        if self.takes("("):
            return self.closed(Call(text, self.either()))
        return self.word(text)

    def closed(self, expression: Expression) -> Expression:
        if not self.takes(")"):
            raise BadInput(f"`{self.text}`: a `)` is missing")
        return expression


def names(expression: Expression) -> Iterator[str]:
    """Every name that an expression refers to, left to right."""
    match expression:
        case Name(name):
            yield name
        case Call(_, argument):
            yield from names(argument)
        case Not(operand):
            yield from names(operand)
        case Equal(left, right) | Either(left, right):
            yield from names(left)
            yield from names(right)


def evaluate(
    expression: Expression,
    values: Mapping[str, Value],
    functions: Mapping[str, Callable[[Value], Value]] | None = None,
) -> Value:
    """The value of an expression. Raises BadInput where kinds do not fit, as expr-lang does (`"75" == 75`, `!"text"`), and for a
    function that there is not."""
    functions = functions or {}
    match expression:
        case Literal(value):
            return value
        case Name(name):
            return values[name]
        case Call(function, argument):
            if function not in functions:
                raise BadInput(f"`{function}()` is not known; known: {', '.join(functions) or 'none'}")
            return functions[function](evaluate(argument, values, functions))
        case Not(operand):
            return not truth(evaluate(operand, values, functions))
        case Equal(left, right):
            return same(evaluate(left, values, functions), evaluate(right, values, functions))
        case Either(left, right, both):
            first = truth(evaluate(left, values, functions))
            return first if first is not both else truth(evaluate(right, values, functions))


def truth(value: Value) -> bool:
    if not isinstance(value, bool):
        raise BadInput(f"`{value}` is neither true nor false")
    return value


def same(left: Value, right: Value) -> bool:
    if type(left) is not type(right):
        raise BadInput(f"{left!r} and {right!r} are of two kinds and cannot be compared")
    return left == right
