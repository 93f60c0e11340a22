"""What a pool would do with a newsroom's stories: the manager's own policy in a simulated cluster, event by event.

`arrivals` says when stories come, `model` is the cluster, `run` puts the policy around it, `bounds` says what no policy can beat,
`report` shows it, `plan` looks for the pool to buy. No clock and no network: a day takes under a second.
"""
