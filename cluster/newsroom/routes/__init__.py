"""HTTP routes: `stories`, `authoring` (help while writing), and `files` (the page, videos, probes)."""
