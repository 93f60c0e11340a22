"""Words and phones in time: a client of gentle's HTTP API, which lowerquality's gentle and our own server speak."""
