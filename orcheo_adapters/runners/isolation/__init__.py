"""Workflows in processes of their own: what they break there is not the server."""
