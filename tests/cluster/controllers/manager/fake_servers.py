"""APIs of `FakeWorld`: GKE and Monitoring over gRPC in Google's types, Compute and Kubernetes over HTTP."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote, urlsplit

import grpc
from google.cloud import container_v1, monitoring_v3
from google.cloud.container_v1.services.cluster_manager.transports import ClusterManagerGrpcTransport
from google.cloud.monitoring_v3.services.metric_service.transports import MetricServiceGrpcTransport

from newsreel.submission.topics import PULLED
from tests.cluster.controllers.manager.fake_world import STORY_SECONDS

SECONDS = "%Y-%m-%dT%H:%M:%SZ"
STATUS = {"there": "RUNNING", "coming": "PROVISIONING", "going": "STOPPING", "broken": "ERROR"}


class Grpc:
    """Handlers by method; each is refused, delayed or half done as the world says."""

    def __init__(self, world, address):
        self.world, self.http, self.before = world, address, None

    def get_cluster(self, request, context):
        with self.world.lock:
            self.fail(context)
            if self.world.state == "absent":
                context.abort(grpc.StatusCode.NOT_FOUND, "no such cluster")
            fresh = self.cluster()
            old, self.before = self.before, fresh
            stale = old is not None and self.world.random.random() < self.world.stale_share
            return old if stale else fresh

    def cluster(self):
        status = container_v1.Cluster.Status[STATUS[self.world.state]]
        return container_v1.Cluster(name="newsreel", status=status, node_pools=[self.pool(p) for p in self.world.pools.values()])

    def pool(self, pool):
        low, high = pool.bounds or (0, 0)
        busy = pool.busy_until > self.world.now
        return container_v1.NodePool(
            name=pool.name,
            status=container_v1.NodePool.Status.RECONCILING if busy else container_v1.NodePool.Status.RUNNING,
            autoscaling=container_v1.NodePoolAutoscaling(
                enabled=pool.bounds is not None, total_min_node_count=low, total_max_node_count=high
            ),
            instance_group_urls=[f"{self.http}/compute/zones/{pool.zone}/instanceGroupManagers/{pool.name}"],
        )

    def set_size(self, request, context):
        return self.change(context, pool_of(request), lambda name: self.world.resize(name, request.node_count))

    def set_autoscaling(self, request, context):
        wanted = request.autoscaling
        bounds = (wanted.total_min_node_count, wanted.total_max_node_count) if wanted.enabled else None
        return self.change(context, pool_of(request), lambda name: self.world.set_bounds(name, bounds))

    def change(self, context, name, do):
        with self.world.lock:
            self.fail(context)
            if self.world.state != "there" or name not in self.world.pools:
                context.abort(grpc.StatusCode.NOT_FOUND, "no such pool")
            if self.world.pools[name].busy_until > self.world.now:
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, "Operation operation-1 is currently running")
            do(name)
            if self.world.random.random() < self.world.half_done_share:
                context.abort(grpc.StatusCode.UNAVAILABLE, "the answer was lost; the operation goes on")
            return container_v1.Operation(name="operation-1", status=container_v1.Operation.Status.RUNNING)

    def create(self, request, context):
        with self.world.lock:
            self.fail(context)
            if self.world.state != "absent":
                context.abort(grpc.StatusCode.ALREADY_EXISTS, "it is there")
            assert {pool.name for pool in request.cluster.node_pools} == {"system", *self.world.pools}
            self.world.create()
            return container_v1.Operation(name="operation-2")

    def delete(self, request, context):
        with self.world.lock:
            self.fail(context)
            if self.world.state == "absent":
                context.abort(grpc.StatusCode.NOT_FOUND, "no such cluster")
            self.world.delete()
            return container_v1.Operation(name="operation-3")

    def series(self, request, context):
        with self.world.lock:
            self.fail(context, "metric")
            at, count = self.world.metric()
            point = monitoring_v3.Point(
                interval=monitoring_v3.TimeInterval(start_time=at, end_time=at), value=monitoring_v3.TypedValue(int64_value=count)
            )
            if f'"{PULLED}"' not in request.filter or "no points" in self.world.silent:
                return monitoring_v3.ListTimeSeriesResponse()
            return monitoring_v3.ListTimeSeriesResponse(time_series=[monitoring_v3.TimeSeries(points=[point])])

    def fail(self, context, source="gke"):
        wrong = self.world.call()
        if "credentials" in self.world.silent:
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "Request had invalid authentication credentials")
        if source in self.world.silent:
            context.abort(grpc.StatusCode.UNAVAILABLE, f"{source} does not answer")
        if wrong:
            context.abort(grpc.StatusCode[wrong], "try again")


def pool_of(request):
    return request.name.rpartition("/")[2]


class Rest(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    world = None

    def do_GET(self):
        path, world = unquote(urlsplit(self.path).path), self.world
        query = unquote(urlsplit(self.path).query)
        with world.lock:
            source = "compute" if path.startswith("/compute") else "events" if path.endswith("/jsz") else "kubernetes"
            wrong = world.call()
            if wrong or source in world.silent:
                return self.answer(503, {"message": "does not answer"})
            if "credentials" in world.silent:
                return self.answer(401, {"message": "Unauthorized"})
            for pattern, reply in ROUTES:
                if found := re.fullmatch(pattern, path):
                    return self.answer(*reply(world, found, query))
        return self.answer(404, {"message": path})

    def do_PATCH(self):
        change = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        node, world = self.path.rpartition("/")[2].partition("?")[0], self.world
        with world.lock:
            if world.call() or "kubernetes" in world.silent:
                return self.answer(503, {"message": "does not answer"})
            pool = world.find(node)
            if pool is None:
                return self.answer(404, {"message": "no such node"})
            (pool.draining.add if change["spec"]["unschedulable"] else pool.draining.discard)(node)
            return self.answer(200, node_object(pool, node))

    def answer(self, status, document):
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def node_object(pool, name):
    draining = name in pool.draining
    notes = {"newsreel/draining": "true"} if draining else {}
    labels = {"cloud.google.com/gke-nodepool": pool.name}
    return {"metadata": {"name": name, "labels": labels, "annotations": notes}, "spec": {"unschedulable": draining}}


def group(world, found, _):
    return 200, {"targetSize": world.pools[found["pool"]].size}


def group_errors(world, found, _):
    pool = world.pools[found["pool"]]
    if pool.lack is None:
        return 200, {}
    code, at = pool.lack
    return 200, {"items": [{"error": {"code": code}, "timestamp": at.isoformat()}]}


def nodes(world, *_):
    there = set(world.ready(draining=True))
    return 200, {"items": [node_object(pool, name) for pool in world.pools.values() for name in pool.nodes if name in there]}


def pods(world, _, query):
    if "eventbus" in query:
        return 200, {"items": [pod_object("eventbus-0", "system-1", "none")]}
    return 200, {"items": [pod_object(f"{s.name}-anchor", s.node, s.name) for s in world.unfinished() if s.node]}


def pod_object(name, node, workflow):
    labels = {"workflows.argoproj.io/workflow": workflow}
    about = {"name": name, "namespace": "newsreel", "labels": labels}
    spec = {"nodeName": node, "containers": [{"name": "main"}]}
    return {"metadata": about, "spec": spec, "status": {"phase": "Running", "podIP": "127.0.0.1"}}


def workflows(world, _, query):
    if "completed=true" in query:
        return 200, metadata_list({"name": name, "uid": f"uid-{name}"} for name in sorted(world.ended))
    if "Succeeded" in query:
        return 200, metadata_list({"name": name} for name in sorted(world.remembered))
    return 200, metadata_list({"name": story.name} for story in world.unfinished())


def metadata_list(found):
    """Of nothing Kubernetes says null."""
    return {"kind": "PartialObjectMetadataList", "metadata": {}, "items": [{"metadata": about} for about in found] or None}


def workflow(world, found, _):
    node, at = world.ended[found["name"]]
    began = at - timedelta(seconds=STORY_SECONDS)
    times = {"startedAt": began.strftime(SECONDS), "finishedAt": at.strftime(SECONDS)}
    anchor = {"type": "Pod", "templateName": "anchor", "hostNodeName": node, **times}
    gpu = {"type": "Pod", "templateName": "pix2pixhd", "hostNodeName": node, "resourcesDuration": {"nvidia.com/gpu": 60}}
    metadata = {"name": found["name"], "uid": f"uid-{found['name']}"}
    return 200, {"metadata": metadata, "status": {"phase": "Succeeded", "nodes": {"a": anchor, "b": gpu}, **times}}


def template(world, *_):
    return (200, {}) if world.installed else (404, {})


def streams(world, *_):
    waiting = sum(story.phase == "event" for story in world.stories)
    consumer = {"name": "sensor", "num_pending": waiting, "num_ack_pending": 0}
    return 200, {"account_details": [{"stream_detail": [{"name": "default", "consumer_detail": [consumer]}]}]}


GROUP = r"/compute/zones/[^/]+/instanceGroupManagers/(?P<pool>[^/]+)"
ARGO = r"/apis/argoproj.io/v1alpha1/namespaces/newsreel"
ROUTES = [
    (GROUP, group),
    (f"{GROUP}/listErrors", group_errors),
    (r"/api/v1/nodes", nodes),
    (r"/api/v1/namespaces/newsreel/pods", pods),
    (rf"{ARGO}/workflows", workflows),
    (rf"{ARGO}/workflows/(?P<name>[^/]+)", workflow),
    (rf"{ARGO}/workflowtemplates/story", template),
    (r"/api/v1/namespaces/newsreel/pods/eventbus-0:8222/proxy/jsz", streams),
    (r"/jsz", streams),
]


def handler(method, request, response):
    return grpc.unary_unary_rpc_method_handler(
        method, request_deserializer=request.deserialize, response_serializer=response.serialize
    )


@contextmanager
def served(world):
    """Yields the two transports and the HTTP address."""
    web = ThreadingHTTPServer(("127.0.0.1", 0), type("RestOfWorld", (Rest,), {"world": world}))
    web.daemon_threads = True
    Thread(target=web.serve_forever, args=(0.02,), daemon=True).start()
    http = f"http://127.0.0.1:{web.server_port}"
    c, calls = container_v1, Grpc(world, http)
    methods = {
        "GetCluster": handler(calls.get_cluster, c.GetClusterRequest, c.Cluster),
        "SetNodePoolSize": handler(calls.set_size, c.SetNodePoolSizeRequest, c.Operation),
        "SetNodePoolAutoscaling": handler(calls.set_autoscaling, c.SetNodePoolAutoscalingRequest, c.Operation),
        "CreateCluster": handler(calls.create, c.CreateClusterRequest, c.Operation),
        "DeleteCluster": handler(calls.delete, c.DeleteClusterRequest, c.Operation),
    }
    m = monitoring_v3
    metrics = {"ListTimeSeries": handler(calls.series, m.ListTimeSeriesRequest, m.ListTimeSeriesResponse)}
    server = grpc.server(ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers(
        [
            grpc.method_handlers_generic_handler("google.container.v1.ClusterManager", methods),
            grpc.method_handlers_generic_handler("google.monitoring.v3.MetricService", metrics),
        ]
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    try:
        yield ClusterManagerGrpcTransport(channel=channel), MetricServiceGrpcTransport(channel=channel), http
    finally:
        channel.close()
        server.stop(0)
        web.shutdown()
        web.server_close()
