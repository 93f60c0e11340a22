"""anchor: reserves a node and a directory on it for one story, while the story is made."""
