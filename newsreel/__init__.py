"""The library of newsreel: it imports nothing of the rooms above it (steps, workflows, cluster, cli)."""
