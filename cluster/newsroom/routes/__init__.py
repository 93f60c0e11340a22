"""What can be asked over HTTP: `stories` themselves, the `craft` of writing them, `media` that come back, and the page."""
