"""refuse: end a story that no node can render, with the failed step's message and exit status."""
