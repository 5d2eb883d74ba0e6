"""What knows machines: storage, HTTP, runners, signatures. Joined in :mod:`orcheo_adapters.server.assembly` only."""
