"""Photo files: read at full depth with their metadata, written whole or not at all."""
