"""Audio and video that several steps share."""
