"""A forced aligner behind the HTTP API of lowerquality's gentle, `python -m steps gentle-server`; pocketsphinx listens."""
