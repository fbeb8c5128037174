"""Tools: pointer events in, edits out."""
