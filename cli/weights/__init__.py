"""`newsreel weights`: inspect, convert, fetch and list weights files."""
