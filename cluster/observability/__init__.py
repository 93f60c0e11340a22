"""What people who run the service look at: the alerts (`rules`) and a Grafana dashboard with the same numbers (`dashboard`).

The service level: a story waits at most 15 minutes for its turn and is finished within 60. What is counted comes from Argo's
controller, from Argo Events, and from our own programs. `workflows.installation.monitoring` emits both as what a cluster takes.
"""
