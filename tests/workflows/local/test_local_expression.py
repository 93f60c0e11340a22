"""`depends`, `when` and a retry's `expression` mean the same as in Argo."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workflows.local import InvalidWorkflow, Phase
from workflows.local.expression import as_int, equality, literal, name, parse, read_depends, read_retry, retry_holds, when
from workflows.local.status import Outcome

VALUES = {"a": True, "b": False, "init-story": True}


def outcome(phase: Phase, **more: object) -> Outcome:
    return Outcome(phase=phase, **more)


def binary(operator: str, left: tuple[str, bool], right: tuple[str, bool]) -> tuple[str, bool]:
    apply = {"&&": bool.__and__, "||": bool.__or__, "==": bool.__eq__, "!=": bool.__ne__}[operator]
    return f"(({left[0]}) {operator} ({right[0]}))", apply(left[1], right[1])


texts_and_values = st.recursive(
    st.sampled_from([*VALUES.items()]),
    lambda inner: st.one_of(
        inner.map(lambda operand: (f"!({operand[0]})", not operand[1])),
        st.builds(binary, st.sampled_from(["&&", "||", "==", "!="]), inner, inner),
    ),
    max_leaves=12,
)


@given(texts_and_values)
def test_a_fully_parenthesized_expression_has_its_value(expression: tuple[str, bool]) -> None:
    text, value = expression
    assert parse(text, name).evaluate(VALUES) is value


operand = st.sampled_from(["a", "b", "!a", "!b", "a == b", "a != b", "!a == b"])


@given(operand, st.lists(st.tuples(st.sampled_from(["&&", "||"]), operand), max_size=6))
def test_precedence_is_that_of_expr_lang(first: str, rest: list[tuple[str, str]]) -> None:
    """`!` before `==` before `&&` before `||`: Python's order but for `not`, which is put in brackets."""
    text = first + "".join(f" {sign} {one}" for sign, one in rest)
    python = re.sub(r"!([ab])", r"(not \1)", text).replace("&&", "and").replace("||", "or")
    assert parse(text, name).evaluate(VALUES) is eval(python, {}, VALUES)  # noqa: S307


@example(text="0(0)")
@given(st.text(alphabet="ab01&|!=()'\" .-{}", max_size=40))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    for read in (read_depends, read_retry, when):
        try:
            read(text)
        except InvalidWorkflow as error:
            assert "\n" not in str(error)


def test_deep_nesting_is_refused_not_a_crash() -> None:
    with pytest.raises(InvalidWorkflow, match="nested deeper"):
        parse("(" * 10_000 + "a" + ")" * 10_000, name)


def test_names_are_listed_in_order() -> None:
    assert parse("asInt(b) == a || !(init-story)", name, {"asInt": as_int}).names == ("b", "a", "init-story")


@pytest.mark.parametrize(
    ("depends", "phase", "met"),
    [
        ("a", Phase.SUCCEEDED, True),
        ("a", Phase.SKIPPED, True),
        ("a", Phase.READY, True),
        ("a", Phase.FAILED, False),
        ("a", Phase.OMITTED, False),
        ("a.Succeeded", Phase.SKIPPED, False),
        ("a.Failed", Phase.FAILED, True),
        ("a.Failed", Phase.ERROR, False),
        ("a.Errored", Phase.ERROR, True),
        ("a.Omitted", Phase.OMITTED, True),
        ("a.Daemoned", Phase.READY, True),
        ("a.Daemoned", Phase.SUCCEEDED, False),
        ("!a.Failed && !(a.Errored || a.Omitted)", Phase.SKIPPED, True),
    ],
)
def test_a_status_is_true_only_of_its_phase(depends: str, phase: Phase, met: bool) -> None:
    assert read_depends(depends).met({"a": outcome(phase)}) is met


def test_an_unknown_status_is_named() -> None:
    with pytest.raises(InvalidWorkflow, match=r"a\.Finished"):
        read_depends("a.Finished")


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("todo == todo", True),
        ("done == todo", False),
        ("'to do' != todo", True),
        ("\"a b\" == 'a b' && !(x == y)", True),
        ("3 == 03", True),
        ("3 == three", False),
        ("true", True),
    ],
)
def test_when_compares_unquoted_words(text: str, truth: bool) -> None:
    assert when(text) is truth


@pytest.mark.parametrize("text", ["", "to-do == todo", "todo", "a == b == c", "done todo == todo", "{{x}} == todo"])
def test_a_when_that_is_not_a_condition_is_refused(text: str) -> None:
    with pytest.raises(InvalidWorkflow):
        when(text)


@pytest.mark.parametrize(
    ("phase", "status", "again"),
    [
        (Phase.FAILED, 75, True),
        (Phase.FAILED, 2, False),
        (Phase.ERROR, 70, True),
        (Phase.ERROR, None, True),
        (Phase.FAILED, None, False),
    ],
)
def test_the_emitted_retry_expression(phase: Phase, status: int | None, again: bool) -> None:
    expression = read_retry("lastRetry.status == 'Error' || asInt(lastRetry.exitCode) == 75")
    assert retry_holds(expression, outcome(phase, exit_status=status)) is again


@pytest.mark.parametrize(
    "text", ["lastRetry.exitCode == 75", "asFloat(lastRetry.exitCode) == 75", "lastRetry.duration == 1", "lastRetry.status", "75"]
)
def test_a_retry_that_argo_cannot_evaluate_is_refused(text: str) -> None:
    with pytest.raises(InvalidWorkflow):
        read_retry(text)


def test_values_of_different_types_cannot_be_compared() -> None:
    with pytest.raises(InvalidWorkflow, match="different types"):
        equality(literal("75"), literal(75)).evaluate({})
