"""What travels: JSON decoded strictly into values of the core, and values encoded to JSON."""
