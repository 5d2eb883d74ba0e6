"""What Orcheo does, step by step: services join the rules of the domain with the ports."""
