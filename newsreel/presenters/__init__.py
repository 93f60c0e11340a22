"""Presenter bundles, and the files that their training passes from step to step."""
