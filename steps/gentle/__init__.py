"""gentle: words and phones in time, by a client of gentle's HTTP API (lowerquality's gentle or gentle_server)."""
