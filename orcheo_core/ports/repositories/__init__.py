"""What is kept. Reads are awaited and see committed state; writes are staged until the unit of work commits."""
