"""Rivals, in a virtual environment of their own: their wheels overwrite each other's and ours."""
