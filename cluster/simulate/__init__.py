"""What a pool would do with a newsroom's stories: the manager's own policy in a simulated cluster, event by event.

`arrivals` says when stories come, `inventory` what there is in the cluster, `model` what happens to it, `run` puts the policy
around it, `bounds` says what no policy can beat, `report` and `drawing` show it, `studies` looks for the pool to buy. No clock
and no network: a day takes under a second.
"""
