"""The manager: scales node pools, or the whole cluster, to the stories there are; to zero when there are none.

Each round observes (`observe`), decides (`policy`, a pure function) and acts (`act`). State between rounds is one small object in
a bucket that contains a lease (`state_store`): a second manager waits.

    python -m cluster.controllers.manager                    until SIGTERM: in a Deployment, or on a small VM in mode `cluster`
    python -m cluster.controllers.manager --once             one round: a cron job, at least every policy.away_minutes
    python -m cluster.controllers.manager --once --dry-run   what would be done now, and why; also beside a running manager

Nodes are requested before a pod is pending: the pool itself is resized. A raised minimum of the autoscaler would not do, since it
is a bound and adds no node (kubernetes/autoscaler, FAQ, "below minimum"). After that the bounds are set around the target, so
that the autoscaler neither removes nodes too soon nor adds too many.

Permissions in Google Cloud: clusters get and update (mode `cluster`: create and delete), instanceGroupManagers get, timeSeries
list, consume the subscription `manager`, objects of its own bucket, objects of the finals get. In Kubernetes: see
`cluster.manifests.controllers`; from outside the cluster also pods/proxy get for the EventBus's port 8222, and in mode `cluster`
workflowtemplates get.

Every pool that cluster/newsreel.yaml offers is a node pool of that name, in one zone, labelled newsreel/pool=stories: an anchor
selects that label, so a story runs on whichever pool has a node. A pool that the cluster does not have is never resized.
"""
