"""The voice of the embedded profile: hibari-tts, whose model lies in its wheel."""
