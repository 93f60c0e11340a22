"""Notifications of a story's end, by Pub/Sub and by webhook, delivered at least once."""
