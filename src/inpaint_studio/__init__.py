"""Inpaint Studio: fill in parts of photographs, and change nothing else."""

import logging

__version__ = "0.1.0"

# without a handler Python prints warnings on stderr, which belongs to the one line that a user gets
logging.getLogger(__name__).addHandler(logging.NullHandler())
