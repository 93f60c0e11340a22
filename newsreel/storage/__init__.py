"""Objects at `file:` and `gs:` addresses, and what is kept there: publications and finished units."""
