"""Fuzzing with atheris (libFuzzer, guided by coverage).

``python -m tests.fuzz.grants`` and ``python -m tests.fuzz.decoder`` run until they find something or are stopped;
``-runs=N`` ends them earlier. The tests run each for a moment.
"""
