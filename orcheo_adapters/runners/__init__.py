"""Adapters that execute workflows; :mod:`orcheo_adapters.runners.registry` lists them."""
