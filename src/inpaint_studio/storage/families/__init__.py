"""Photo file families, one module each."""
