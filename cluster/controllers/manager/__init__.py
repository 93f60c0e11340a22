"""The manager: story nodes are there while there are stories, and are gone when there are none.

Each round is: look (`observe`), decide (`policy`, a pure function), act (`act`). What it must remember from one round to the
next is one small document with a lease in it (`memory`), changed by generation check alone: a second manager waits.

    python -m cluster.controllers.manager                    for ever: in a Deployment, or on a small VM in mode `cluster`
    python -m cluster.controllers.manager --once             one round: a cron job, no more often than policy.away_minutes allows
    for
    python -m cluster.controllers.manager --once --dry-run   what would be done now, and why; beside a running manager too

Nodes come before a pod waits for one: the pool itself is resized. A raised minimum would not do, since the autoscaler takes it
for a bound and brings no node for it (kubernetes/autoscaler, FAQ, "below minimum"). After that its bounds are set around what is
wanted, so that it neither gives back too soon nor buys too much.

Rights in Google Cloud: clusters get and update (mode `cluster`: create and delete), instanceGroupManagers get, timeSeries list,
the subscription `manager` consume, objects of its own bucket, objects of the finals get. In Kubernetes what
`cluster.manifests.manager` lists; from outside the cluster also pods/proxy get for the EventBus's port 8222, and in mode
`cluster` workflowtemplates get.

Every entry of `node_pools` is a node pool of that name, in one zone, labelled newsreel/pool=stories: an anchor asks
for that label, so a story takes whichever kind of node can be had. A pool that the cluster has not is never asked for.
"""
