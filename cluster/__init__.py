"""Where stories run: what watches over a cluster from inside and outside."""
