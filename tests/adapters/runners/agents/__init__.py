"""The runner ``agent``, framework by framework, with stand-ins for those that are not installed."""
