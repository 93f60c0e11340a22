"""The command line `newsreel`."""
