"""Learned engines on tiny random models, built offline in the layouts of the real ones."""
