"""A module that cannot be imported."""

message = "no settings"
raise RuntimeError(message)
