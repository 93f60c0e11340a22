"""Argo Workflows seen from outside: one client, one builder and one reader of Workflows."""
