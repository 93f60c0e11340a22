"""All that a cluster must hold for stories to run, as manifests."""
