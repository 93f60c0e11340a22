"""A fault campaign: stories on their way from the newsroom to the video while everything around them breaks (`make chaos`).

Real: the publisher, the desk, the letters, the submitter, storage's code, the emitted Sensor's program and payload; JetStream
(nats-server) and Cloud Storage's API (fake-gcs-server). Stand-ins that keep the originals' promises: Pub/Sub (`pubsub`), what
EventSource and Sensor do with the emitted documents (`trigger`), the Argo server and the API server's workflows (`argo`).

`campaign` has all of it in one process and a clock of its own, so that a thousand stories take a minute; who is killed there ends
by an exception. `killed` has newsroom, watches, letters, EventSource, Sensor and JetStream as processes, which die by SIGKILL
while editors write over HTTP (`editors`, `killer`), and Pub/Sub's own emulator, at which each message is heard beside the trigger
(`heard`); there a second is a second.
"""
