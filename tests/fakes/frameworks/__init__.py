"""Stand-ins for agent frameworks: classes with their modules and names, and what readers use of them."""
