"""The command line: ``orcheo``. Built from the catalogue of operations, without logic of its own."""
