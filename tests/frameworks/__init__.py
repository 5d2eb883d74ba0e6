"""Agents of frameworks with their real packages, published as a user would; see matrix.py for how to add one.

Not part of the normal tests: they run with ``make test-frameworks``, or when ``ORCHEO_FRAMEWORKS`` names one or more
virtual environments (with ``:`` between them) that have the frameworks.
"""
