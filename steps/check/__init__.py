"""check: refuses an invalid story before a node is taken, and recognises one that is already published."""
