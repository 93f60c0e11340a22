"""The reconciler: submits a running story again, under a successor's name, when its node is lost.

A lost node takes its story's pods along, and Argo waits for them for minutes or for ever (docs/adr/0001-one-node-per-story.md).
Each round observes (`observe`), decides (`policy`, a pure function) and acts (`act`). It has no state but the cluster's: it may
be killed at any time, and two of them do no harm.
"""
