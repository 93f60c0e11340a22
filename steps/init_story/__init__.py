"""init-story: load a story into the workspace: pictures normalised, narration turned into scripts."""
