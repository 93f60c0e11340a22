"""A newsroom, put together: what the routes work with."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import Request

from cluster.newsroom.audit import Audit
from cluster.newsroom.identity import Identity, OnThisMachine, Person
from cluster.newsroom.limits import Gate
from cluster.newsroom.local_runs import LocalRuns
from cluster.newsroom.media import Media
from cluster.newsroom.metrics import Metrics
from cluster.newsroom.product import Product, product_from
from cluster.newsroom.runs import Runs
from cluster.newsroom.stories import Repository
from newsreel.notifications.notifier import Notifier
from newsreel.notifications.webhook_target import WebhookAllowList
from newsreel.storage.address import Address, AllowList
from newsreel.storage.store import Storage

__all__ = ["Newsroom", "newsroom_of", "on_this_machine", "person_of"]


@dataclass(frozen=True, kw_only=True)
class Newsroom:
    repository: Repository
    runs: Runs
    media: Media
    audit: Audit
    identity: Identity
    hosts: frozenset[str]
    receivers: WebhookAllowList = field(default_factory=WebhookAllowList)
    """What a story's own webhook may be."""
    voice_system: str = "hibari"
    """What speaks where the stories are made."""
    metrics: Metrics = field(default_factory=Metrics)
    product: Product = field(default_factory=Product)
    voices: Gate = field(default_factory=lambda: Gate(at_once=1, waiting=8, a_minute=40))
    stills: Gate = field(default_factory=lambda: Gate(at_once=1, waiting=4, a_minute=20))
    pictures: Gate = field(default_factory=lambda: Gate(at_once=2, waiting=8, a_minute=60))
    streams: Gate = field(default_factory=lambda: Gate(at_once=200, waiting=0, a_minute=120))
    seconds_between_looks: float = 0.5
    """At a run, for each page that watches one."""


def on_this_machine(folder: Path, port: int, runs: Runs | None = None) -> Newsroom:
    """Everything below one folder, for one person, asked for at 127.0.0.1 or localhost."""
    home = Address.parse(f"file:{folder.resolve()}")
    storage = Storage(AllowList(prefixes=(home,)))
    names, metrics, receivers = ("127.0.0.1", "localhost"), Metrics(), WebhookAllowList.from_environment()
    Notifier.from_environment().require_configured(for_others=bool(receivers.prefixes))
    return Newsroom(
        repository=Repository(home.child("stories"), storage),
        runs=runs or LocalRuns(folder),
        media=Media(home.child("finals"), storage, folder / "cache"),
        audit=Audit(home.child("audit"), storage),
        identity=OnThisMachine(),
        receivers=receivers,
        metrics=metrics,
        product=product_from(os.environ, metrics),
        hosts=frozenset({*(f"{name}:{port}" for name in names), *(names if port == 80 else ())}),
    )


def newsroom_of(request: Request) -> Newsroom:
    newsroom: Newsroom = request.app.state.newsroom
    return newsroom


def person_of(request: Request) -> Person:
    person: Person = request.state.person
    return person
