"""Turns: how they begin, run, and end."""
