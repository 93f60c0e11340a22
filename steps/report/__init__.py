"""Report how a workflow ended."""
