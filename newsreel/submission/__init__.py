"""A story on its way to a Workflow: saved as a revision, announced by a message."""
