"""Takes a story in: its pictures checked, its narration turned into a script."""
