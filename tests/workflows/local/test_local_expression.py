"""`depends`, `when` and a retry's expression mean here what they mean to Argo."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsreel.errors import BadInput
from workflows.local.conditions import read_depends, read_retry, retries, when
from workflows.local.expression import Either, Equal, Expression, Literal, Name, Not, evaluate, names, parse
from workflows.local.outcome import Outcome, Phase

TRUTHS = {"a": True, "b": False, "init-story": True}


def outcome(phase: Phase, **more: object) -> Outcome:
    return Outcome(phase=phase, **more)


expressions = st.recursive(
    st.sampled_from([*TRUTHS]).map(Name),
    lambda inner: st.one_of(
        st.builds(Not, inner), st.builds(Equal, inner, inner), st.builds(Either, inner, inner, st.booleans())
    ),
    max_leaves=12,
)


def written(expression: Expression) -> str:
    """With every pair of brackets, so that nothing hangs on precedence."""
    match expression:
        case Name(name):
            return name
        case Not(operand):
            return f"!({written(operand)})"
        case Equal(left, right):
            return f"(({written(left)}) == ({written(right)}))"
        case Either(left, right, both):
            return f"({written(left)} {'&&' if both else '||'} {written(right)})"
    raise AssertionError(expression)


@given(expressions)
def test_what_is_written_is_read_back_the_same(expression: Expression) -> None:
    assert parse(written(expression), Name) == expression


operand = st.sampled_from(["a", "b", "!a", "!b", "a == b", "a != b", "!a == b"])


@given(operand, st.lists(st.tuples(st.sampled_from(["&&", "||"]), operand), max_size=6))
def test_precedence_is_that_of_expr_lang(first: str, rest: list[tuple[str, str]]) -> None:
    """`!` before `==` before `&&` before `||`: Python's order but for `not`, which is put in brackets."""
    text = first + "".join(f" {sign} {one}" for sign, one in rest)
    python = re.sub(r"!([ab])", r"(not \1)", text).replace("&&", "and").replace("||", "or")
    assert evaluate(parse(text, Name), TRUTHS) is eval(python, {}, TRUTHS)  # noqa: S307


@example(text="0(0)")
@given(st.text(alphabet="ab01&|!=()'\" .-{}", max_size=40))
def test_whatever_is_written_is_read_or_refused_in_one_line(text: str) -> None:
    for read in (read_depends, read_retry, when):
        try:
            read(text)
        except BadInput as fault:
            assert "\n" not in str(fault)


def test_deep_nesting_is_refused_not_a_crash() -> None:
    with pytest.raises(BadInput, match="nested deeper"):
        parse("(" * 10_000 + "a" + ")" * 10_000, Name)


def test_names_are_told_in_order() -> None:
    assert [*names(parse("asInt(b) == a || !(init-story)", Name))] == ["b", "a", "init-story"]


@pytest.mark.parametrize(
    ("depends", "phase", "met"),
    [
        ("a", Phase.SUCCEEDED, True),
        ("a", Phase.SKIPPED, True),
        ("a", Phase.DAEMONED, True),
        ("a", Phase.FAILED, False),
        ("a", Phase.OMITTED, False),
        ("a.Succeeded", Phase.SKIPPED, False),
        ("a.Failed", Phase.FAILED, True),
        ("a.Failed", Phase.ERROR, False),
        ("a.Errored", Phase.ERROR, True),
        ("a.Omitted", Phase.OMITTED, True),
        ("a.Daemoned", Phase.DAEMONED, True),
        ("a.Daemoned", Phase.SUCCEEDED, False),
        ("!a.Failed && !(a.Errored || a.Omitted)", Phase.SKIPPED, True),
    ],
)
def test_a_status_word_is_true_of_its_status_alone(depends: str, phase: Phase, met: bool) -> None:
    assert read_depends(depends).met({"a": outcome(phase)}) is met


@pytest.mark.parametrize(
    ("phases", "any_succeeded", "all_failed"),
    [
        ([Phase.SUCCEEDED, Phase.FAILED], True, False),
        ([Phase.FAILED, Phase.FAILED], False, True),
        ([Phase.FAILED, Phase.ERROR], False, False),
        ([], False, False),
    ],
)
def test_words_of_a_fan_out(phases: list[Phase], any_succeeded: bool, all_failed: bool) -> None:
    ended = {"fan-out": outcome(Phase.FAILED, items=tuple(map(outcome, phases)))}
    assert read_depends("fan-out.AnySucceeded").met(ended) is any_succeeded
    assert read_depends("fan-out.AllFailed").met(ended) is all_failed


def test_dependencies_are_all_needed() -> None:
    depends = read_depends(None, ["a", "b"])
    assert depends.tasks == {"a", "b"}
    assert depends.met({"a": outcome(Phase.SUCCEEDED), "b": outcome(Phase.SKIPPED)})
    assert not depends.met({"a": outcome(Phase.SUCCEEDED), "b": outcome(Phase.FAILED)})


def test_an_unknown_status_word_is_named() -> None:
    with pytest.raises(BadInput, match=r"a\.Finished"):
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
def test_when_compares_bare_words(text: str, truth: bool) -> None:
    assert when(text) is truth


@pytest.mark.parametrize("text", ["", "to-do == todo", "todo", "a == b == c", "done todo == todo", "{{x}} == todo"])
def test_a_when_that_says_neither_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
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
def test_the_retry_we_emit(phase: Phase, status: int | None, again: bool) -> None:
    expression = read_retry("lastRetry.status == 'Error' || asInt(lastRetry.exitCode) == 75")
    assert retries(expression, outcome(phase, exit_status=status)) is again


@pytest.mark.parametrize(
    "text", ["lastRetry.exitCode == 75", "asFloat(lastRetry.exitCode) == 75", "lastRetry.duration == 1", "lastRetry.status", "75"]
)
def test_a_retry_that_argo_could_not_evaluate_is_refused_early(text: str) -> None:
    with pytest.raises(BadInput):
        read_retry(text)


def test_literals_of_two_kinds_cannot_be_compared() -> None:
    with pytest.raises(BadInput, match="two kinds"):
        evaluate(Equal(Literal("75"), Literal(75)), {})
