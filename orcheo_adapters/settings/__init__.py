"""What the operator of a server can set, from the environment."""
