"""What Argo runs, written in Hera, and the runner that executes it on one machine."""
