"""SQLite: the default store, one file, one process, one writer."""
