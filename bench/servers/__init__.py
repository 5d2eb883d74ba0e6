"""The servers that are measured against each other, each a program of its own: `python -m bench.servers.NAME PORT`."""
