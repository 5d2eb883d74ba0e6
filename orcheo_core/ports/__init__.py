"""What the services need from the world: one noun, one file, at most seven methods."""
