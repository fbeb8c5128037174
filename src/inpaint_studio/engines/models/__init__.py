"""One file an engine family, each exposing `specs()`. They do not know each other."""
