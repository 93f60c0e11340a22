"""gentle-server: a forced aligner with the HTTP API of lowerquality's gentle, on pocketsphinx."""
