"""Inpaint Studio: fill in parts of photographs, and change nothing else."""

__version__ = "0.1.0"
