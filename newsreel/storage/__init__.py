"""Objects at `file:` and `gs:` addresses, published videos, and the cache of finished units."""
