"""The configuration of an installation."""
