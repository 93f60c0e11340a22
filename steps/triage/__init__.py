"""triage: after a failure, decide whether the story or the node is at fault."""
