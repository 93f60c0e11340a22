"""Round after round: look, decide, remember, act, keep the accounts. Each round says what it did in one JSON line."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from cluster.controllers.manager.act import act
from cluster.controllers.manager.demand import demand_of
from cluster.controllers.manager.ended import brought_up_to_date
from cluster.controllers.manager.memory import Notebook
from cluster.controllers.manager.metrics import Metrics
from cluster.controllers.manager.observe import FAULTS, Look, Services, look, short
from cluster.controllers.manager.policy import decide
from cluster.controllers.manager.world import Action, Decision, DeleteCluster, Empty, Memory, Rules
from newsreel.errors import Conflict

Result = Literal["held", "waits", "failed"]
"""Of a round: it was ours; another manager has the lease; what is remembered could not be read or written."""


@dataclass(frozen=True, kw_only=True)
class Manager:
    services: Services
    notebook: Notebook
    clock: Callable[[], datetime]
    say: Callable[[dict[str, Any]], None]
    metrics: Metrics
    dry_run: bool = False

    def round(self) -> Result:
        now = self.clock()
        result = self.held(now)
        self.metrics.round(result, now)
        return result

    def held(self, now: datetime) -> Result:
        rules = Rules.of(self.services.parameters)
        try:
            memory = self.notebook.read(now, to_act=not self.dry_run)
            seen = look(self.services, now)
            decision = decide(seen.seen, memory, rules)
            if not self.dry_run:
                # First: what is asked for and forgotten would be asked for again at once.
                self.notebook.write(decision.memory, self.clock())
        except Conflict as fault:
            self.tell(now, {"why": str(fault), "waits": True})
            return "waits"
        except FAULTS as fault:
            self.tell(now, {"why": f"what was remembered cannot be read or written: {short(fault)}", "waits": True})
            return "failed"
        self.metrics.seen(seen.seen, demand_of(seen.seen, rules), decision.alert)
        results = [self.attempt(action, seen, now) for action in decision.actions]
        unknown = seen.failed if self.dry_run else seen.failed | self.accounts(seen, decision.memory)
        self.tell(now, told(decision, unknown, results))
        return "held"

    def accounts(self, seen: Look, memory: Memory) -> dict[str, str]:
        """Enter the stories that have ended; what went wrong, which keeps them for the next round."""
        if seen.api is None or seen.seen.pools is None:
            return {}
        try:
            ledger = brought_up_to_date(memory.ledger, seen.api, seen.seen.pools, self.services.parameters, self.clock())
            if ledger != memory.ledger:
                self.notebook.write(memory.model_copy(update={"ledger": ledger}), self.clock())
            self.metrics.days.ledger = ledger
        except FAULTS as fault:
            return {"accounts": short(fault)}
        return {}

    def release(self) -> None:
        """The next manager need not wait for the lease to run out. What goes wrong here costs it that wait, and nothing else."""
        if self.dry_run:
            return
        try:
            now = self.clock()
            self.notebook.write(self.notebook.read(now), now, to_the_next=True)
        except FAULTS as fault:
            self.tell(self.clock(), {"why": f"the lease is left to run out: {short(fault)}"})

    def attempt(self, action: Action, seen: Look, began: datetime) -> dict[str, str]:
        name = {"action": shown(action)}
        if self.dry_run:
            return name | {"result": "would be done"}
        taking = isinstance(action, Empty | DeleteCluster)
        if taking and not began <= self.clock() <= began + self.notebook.lease:
            return name | {"result": "left alone: the lease has run out meanwhile"}
        try:
            return name | {"result": act(self.services, action, seen, self.clock)}
        except FAULTS as fault:
            return name | {"result": f"failed: {short(fault)}"}

    def tell(self, now: datetime, line: dict[str, Any]) -> None:
        self.say({"time": now.isoformat(timespec="seconds")} | line | ({"dry_run": True} if self.dry_run else {}))


def told(decision: Decision, unknown: dict[str, str], results: list[dict[str, str]]) -> dict[str, Any]:
    more = {"alert": decision.alert, "unknown": unknown, "actions": results}
    return {"why": decision.why} | {name: value for name, value in more.items() if value}


def shown(action: Action) -> str:
    """`Grow(pool='l4-spot-a', to=3)`"""
    return str(action)


def printed(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)
