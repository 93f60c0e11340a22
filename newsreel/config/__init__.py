"""The configuration of an installation: newsreel.yaml.

model      the groups and their fields; `gke` has those of an installation on GKE
values     the types of their values, with the messages about wrong ones
file       reading and checking a file
settings   what follows from `site`, and the flat view that manifests are made from
names      names of accounts, buckets and images
option     the option --config
"""
