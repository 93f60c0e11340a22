"""Whether a presenter can be trained from what lies at an address: told before a node is woken."""
