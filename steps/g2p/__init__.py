"""g2p: graphemes to phonemes, the pronunciation of every word of a scene."""
