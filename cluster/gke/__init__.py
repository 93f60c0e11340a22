"""Google Cloud for newsreel: what lasts is made by Terraform, what runs in the cluster by kubectl, both from cluster/pool.yaml.

site        the part of pool.yaml that says how the cluster is built
names       what everything is called: derived, so that no name is written down twice
variables   pool.yaml as Terraform's variables
installed   pool.yaml as the settings that our manifests are made with
programs    gcloud, terraform and kubectl, their failures told in one line
releases    Argo Workflows and Argo Events: fetched by address, known by checksum
estimate    what a month and a video cost, before anything is bought
deploy, up, down, status    what people run
"""
