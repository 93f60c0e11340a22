"""Stories on a real cluster, proved by the cluster's own records: `make test-cluster`, with KUBECONFIG set.

Any Kubernetes from 1.30 on with Argo Workflows 4.0 will do, kind and k3d included; it needs two nodes for stories, one beside
them, and our images. The emitted installation is applied as it is, in the namespace `newsreel`, Argo's ConfigMap included: never
name a cluster that people work with.

KUBECONFIG                       the cluster; its user must be an administrator
NEWSREEL_LIVE_IMAGES             what stands before an image's name (localhost/newsreel)
NEWSREEL_LIVE_SSD                directory of the nodes' disk for stories (/mnt/local/newsreel)
NEWSREEL_LIVE_STORY_POOL         label of the nodes for stories (cloud.google.com/gke-nodepool=gpu)
NEWSREEL_LIVE_STORY_TAINT        taint of these nodes, `-` for none (nvidia.com/gpu)
NEWSREEL_LIVE_SYSTEM_POOL        label of the others (cloud.google.com/gke-nodepool=system)
NEWSREEL_LIVE_STORAGE            where pods find Cloud Storage's stand-in; started here if nobody answers (http://10.250.0.1:4443)
NEWSREEL_LIVE_API                address block of the API server, for the NetworkPolicy (10.250.0.1/32)
NEWSREEL_LIVE_LAB                program that kills nodes: PROGRAM node NODE kill|up|netcut|netjoin|exec, PROGRAM argo down|up
NEWSREEL_LIVE_KEEP               1 leaves workflows that are over, for a look at them

On kind (k3d: LOAD='k3d image import'), with two workers labelled `newsreel/pool=stories` and one `newsreel/pool=system`:

    export NEWSREEL_LIVE_STORY_POOL=newsreel/pool=stories NEWSREEL_LIVE_STORY_TAINT=-
    export NEWSREEL_LIVE_SYSTEM_POOL=newsreel/pool=system
    make test-cluster IMAGES=localhost/newsreel LOAD='kind load docker-image'

LOAD is given the name of each image once BUILDER has built it; BUILD_ARGS may tell another base image. What needs
NEWSREEL_LIVE_LAB is skipped without it. We have run all this on three kubelets of one machine, not on kind.
"""
