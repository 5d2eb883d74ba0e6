"""The HTTP door: Starlette routes, problems, ChatKit streams and pages."""
