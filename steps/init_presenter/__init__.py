"""Prepare the workspace of a training: the presenter's footage at the right size and frame rate, and all that came with it."""
