"""Takes a node and a directory on it for one story, for as long as the story lives."""
