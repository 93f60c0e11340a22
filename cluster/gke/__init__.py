"""Google Cloud for newsreel: what lasts is made by Terraform, what runs in the cluster by kubectl, both from newsreel.yaml.

variables    newsreel.yaml as Terraform's variables
programs     gcloud, terraform and kubectl, their failures in one line
terraform    how `up` and `down` call Terraform
releases     Argo Workflows and Argo Events: fetched by commit, known by checksum
argo         what we change of them
certificate  by which the Sensor knows the Argo server
estimate     what a month and a video cost, before anything is bought
up, down, status, deploy    what people run: cluster/up, cluster/down, cluster/status, make deploy
"""
