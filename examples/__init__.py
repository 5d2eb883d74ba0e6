"""Workflows to try Orcheo with; ``orcheo workflow add`` takes them as ``examples.<module>:answer``."""
