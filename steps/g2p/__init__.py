"""Phones in time for every token: gentle's where it has them, a dictionary's and Kyubyong Park's g2p where it has none."""
