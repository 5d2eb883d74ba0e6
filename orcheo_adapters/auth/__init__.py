"""Credentials on the wire: chat grants, cookies, and the server's own keys."""
