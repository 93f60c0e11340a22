"""Control loops beside the stories: submitter, reconciler, manager."""
