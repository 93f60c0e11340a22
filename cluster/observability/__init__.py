"""What people who run the service look at, as files: `python -m cluster.observability --into dist/observability`.

newsreel-rules.yaml      alerts as a PrometheusRule: the service level, and what would break it next
newsreel-dashboard.json  a Grafana dashboard with the same numbers

The service level: a story waits at most 15 minutes for its turn and is finished within 60. What is counted comes from Argo's
controller, from Argo Events, and from our own programs (`cluster.messages`).
"""
