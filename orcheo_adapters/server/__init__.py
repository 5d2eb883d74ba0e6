"""The server: its parts joined, its process, its local owner."""
