"""Encoding and decoding."""
