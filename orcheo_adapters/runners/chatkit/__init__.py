"""The runner for servers that are subclasses of ``ChatKitServer`` of the package ``openai-chatkit``."""
