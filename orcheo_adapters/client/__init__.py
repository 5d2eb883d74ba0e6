"""What a program that talks to a server needs: where it is, with which token, and what it said last."""
