"""hibari: the voice of the embedded profile, hibari-tts, whose model is in its wheel."""
