"""Google Cloud for newsreel: what lasts is made by Terraform, what runs in the cluster by kubectl, both from cluster/pool.yaml.

site         the part of pool.yaml that says how the cluster is built
names        what everything is called: derived, so that no name is written down twice
variables    pool.yaml as Terraform's variables
installed    pool.yaml as the settings that our manifests are made with
programs     gcloud, terraform and kubectl, their failures told in one line
terraform    how `up` and `down` call Terraform
releases     Argo Workflows and Argo Events: fetched by commit, known by checksum
argo         what we change of them
certificate  by which the Sensor knows the Argo server
estimate     what a month and a video cost, before anything is bought
up, down, status, deploy    what people run: cluster/up, cluster/down, cluster/status, make deploy
"""
