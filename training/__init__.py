"""Scripts that make the embedded models: run from a source tree, never shipped in the wheel."""
