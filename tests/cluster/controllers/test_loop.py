"""The control loop: results of rounds, exit status, health, and what a stop signal ends."""

import json
import os
import signal
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from cluster.controllers.loop import JsonLog, RoundResult, Standby, Wakeup
from tests.cluster.controllers.rounds import control_loop

NOW = datetime(2026, 5, 3, 12, 0, 0, tzinfo=UTC)


@dataclass
class Recorder:
    """A controller that records its calls; `observe` and `act` raise or return what they are given."""

    observes: object = "seen"
    acts: object = True
    calls: list = field(default_factory=list)
    faults = (OSError,)

    def observe(self, now):
        return given(self.observes)

    def decide(self, seen, now):
        return f"plan for {seen}"

    def act(self, plan, seen, now):
        self.calls.append(plan)
        return given(self.acts)

    def skipped(self, why):
        self.calls.append(f"skipped: {why}")

    def ended(self, result, now):
        self.calls.append(result)

    def metrics_text(self):
        return b""

    def close(self):
        self.calls.append("closed")


def given(value):
    if isinstance(value, Exception):
        raise value
    return value


@pytest.fixture
def wakeup():
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield Wakeup(quiet=0, debounce=0)
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("controller", "result", "ready"),
    [
        (Recorder(), RoundResult.DONE, True),
        (Recorder(acts=False), RoundResult.FAILED, False),
        (Recorder(observes=OSError("no route")), RoundResult.FAILED, False),
        (Recorder(acts=OSError("no route")), RoundResult.FAILED, False),
        (Recorder(observes=Standby("another holds the lease")), RoundResult.STANDBY, True),
        (Recorder(acts=Standby("another holds the lease")), RoundResult.STANDBY, True),
    ],
)
def test_a_round_has_one_of_three_results(controller, result, ready):
    loop = control_loop(controller)
    assert loop.round(NOW) is result
    assert controller.calls[-1] is result
    assert (loop.health.readiness_fault() is None) is ready


def test_a_failed_observation_is_not_acted_on():
    controller = Recorder(observes=OSError("no route"))
    control_loop(controller).round(NOW)
    assert controller.calls == ["skipped: no route", RoundResult.FAILED]


def test_an_unexpected_exception_ends_the_program(wakeup):
    with pytest.raises(ZeroDivisionError):
        control_loop(Recorder(observes=ZeroDivisionError())).run(wakeup, once=False, health_port=None)


@pytest.mark.parametrize(
    ("controller", "status"), [(Recorder(), 0), (Recorder(acts=False), 75), (Recorder(observes=Standby("lease")), 75)]
)
def test_once_runs_one_round_and_returns_its_status(controller, status, wakeup):
    assert control_loop(controller).run(wakeup, once=True, health_port=None) == status
    assert controller.calls[-1] == "closed"


def test_a_stop_signal_lets_the_round_finish_and_closes(wakeup):
    controller = Recorder()
    controller.decide = lambda *_: os.kill(os.getpid(), signal.SIGTERM)
    assert control_loop(controller, interval=3600).run(wakeup, once=False, health_port=None) == 0
    assert controller.calls == [None, RoundResult.DONE, "closed"]


def test_a_log_line_is_json_with_time_and_dry_run(capsys):
    JsonLog(dry_run=True, clock=lambda: NOW)(action="submit", workflow="budget-r1")
    line = json.loads(capsys.readouterr().out)
    assert line == {"time": "2026-05-03T12:00:00+00:00", "action": "submit", "workflow": "budget-r1", "dry_run": True}
