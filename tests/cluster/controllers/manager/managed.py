"""The whole manager against a fake cloud: real clients and calls, a real bucket with preconditions."""

import os
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud.container_v1 import ClusterManagerClient
from google.cloud.monitoring_v3 import MetricServiceClient
from google.cloud.storage import Client
from kubernetes import client

from cluster.controllers.loop import JsonLog
from cluster.controllers.manager.controller import ManagerController, Metrics
from cluster.controllers.manager.google_cloud import GoogleClients, call_options
from cluster.controllers.manager.observe import Services
from cluster.controllers.manager.state_store import StateStore
from newsreel.config.file import changed, read_gke_config
from newsreel.config.settings import settings_of
from newsreel.storage.address import Address
from tests.cluster.controllers.manager.fake_servers import served
from tests.cluster.controllers.manager.fake_world import FakeWorld
from tests.cluster.controllers.rounds import control_loop
from tests.servers import cloud_storage

PARAMETERS = read_gke_config()


@contextmanager
def bucket_server():
    """With the manager's bucket and the videos'; who connects from here connects to it."""
    with (
        cloud_storage("manager", settings_of(PARAMETERS).finals.removeprefix("gs://")) as url,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("STORAGE_EMULATOR_HOST", url)
        yield url


class Managed:
    """Managers of one world."""

    def __init__(self, world, url, transports, note="manager.json", mode="pool"):
        clusters, metrics, http = transports
        self.world, self.url, self.note = world, url, note
        self.parameters = changed(PARAMETERS, cluster={"mode": mode, "install": ["true"]})
        settings = client.Configuration()
        settings.host = http
        settings.retries = False
        api = client.ApiClient(settings)
        google = GoogleClients(
            clusters=ClusterManagerClient(transport=clusters),
            metrics=MetricServiceClient(transport=metrics),
            session=requests.Session(),
            compute=(http,),
            calls=call_options(first=0.001, all_in_all=0.05),
        )
        self.services = Services(google=google, parameters=self.parameters, connect=lambda *_: api, listener=self.world)
        self.lines = []

    def manager(self, holder="a", **known):
        bucket = Client(project="p", credentials=AnonymousCredentials(), client_options={"api_endpoint": self.url})
        address = Address.parse(f"gs://manager/{self.note}")
        store = StateStore(bucket, address, holder, timedelta(minutes=3), {"timeout": 5, "retry": None})
        self.metrics = Metrics(self.parameters.prices.currency)
        clock = known.pop("clock", self.world.clock)
        return ManagerController(
            services=self.services,
            store=store,
            clock=clock,
            log=JsonLog(dry_run=known.get("dry_run", False), clock=clock, write=self.lines.append),
            metrics=self.metrics,
            **known,
        )

    def run(self, manager, minutes, every=30.0):
        end = self.world.clock() + timedelta(minutes=minutes)
        while self.world.clock() < end:
            round_of(manager)
            if self.world.state == "there" and any("Install" in str(line.get("actions")) for line in self.lines[-1:]):
                self.world.installed = True
            self.world.advance(every)


@contextmanager
def managed(url, mode="pool", **known):
    world = FakeWorld(tuple((offer.pool, offer.zone) for offer in PARAMETERS.node_pools), **known)
    with ExitStack() as stack:
        transports = stack.enter_context(served(world))
        yield Managed(world, url, transports, note=f"{os.urandom(6).hex()}.json", mode=mode)


def round_of(manager):
    return control_loop(manager, clock=manager.clock).round()


def said(setup):
    return [line["why"] for line in setup.lines]


def done(setup, kind):
    return [each for line in setup.lines for each in line.get("actions", []) if each["action"].startswith(kind)]


def with_nodes(setup, count=2):
    pool = setup.world.pools["l4-spot-a"]
    pool.size, pool.bounds = count, (0, count)
    setup.world.nodes_come()
    setup.world.advance(300)
    return pool
