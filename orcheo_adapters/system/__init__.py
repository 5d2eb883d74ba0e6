"""This machine: clock, chance, background tasks, files, logs."""
