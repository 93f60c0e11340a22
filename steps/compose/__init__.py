"""Compose: a story's voice, presenter, pictures and words become one video.

The opening, each scene and the closing are rendered one by one (`pieces`), then joined without encoding them again while the
sound is mixed and mastered (`compositor`, `sound`). Static layers are PNG files (`graphics.stills`), text and moving shapes are
an ASS overlay for libass (`graphics.overlay`, `titles`, `captions`), and ffmpeg does the rest (`ffmpeg_graph`).
"""
