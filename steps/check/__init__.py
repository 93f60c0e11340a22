"""Refuses a bad story before any node is taken, and finds what is published already."""
