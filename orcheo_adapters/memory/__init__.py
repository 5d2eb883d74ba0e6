"""Everything in this process's memory: for tests, for embedding, and for the events of running turns."""
