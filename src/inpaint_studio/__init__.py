"""Inpaint Studio: fill in parts of photographs, and change nothing else."""

import logging
import os

__version__ = "0.1.0"

# without a handler Python prints warnings on stderr, which belongs to the one line that a user gets
logging.getLogger(__name__).addHandler(logging.NullHandler())

# onnxruntime sends telemetry from its import on, whatever is switched off later; this it reads before
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
