"""Programs that measure: each prints a table, or JSON with --json. Their arithmetic is tested, their figures are not."""
