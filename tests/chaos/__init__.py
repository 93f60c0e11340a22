"""A fault campaign: stories on their way from the newsroom to the video while everything around them breaks (`make chaos`).

Real: the publisher, the desk, the letters, the reconciler, storage's code, the emitted Sensor's program and payload; JetStream
(nats-server) and Cloud Storage's API (fake-gcs-server). Stand-ins that keep the originals' promises: Pub/Sub (`pubsub`), what
EventSource and Sensor do with the emitted documents (`trigger`), the Argo server and the API server's workflows (`argo`).
"""
