"""Compose: a story's voice, presenter, pictures and words become one video.

Each scene, the opening and the closing are rendered alone (`scene`, `bookends`), then joined without encoding them again
while the sound is mixed and mastered (`join`). What is drawn once and never moves is a still (`stills`), what is written or
moves is an ASS sheet for libass (`sheet`, `titles`, `captions`), and ffmpeg puts it all together (`ffmpeg_run`).
"""
