"""What a running step says of itself: log, progress, failure, use of its node."""
