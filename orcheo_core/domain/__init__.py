"""The rules of publishing and chatting: values and pure functions, no clock, no chance, no I/O."""
