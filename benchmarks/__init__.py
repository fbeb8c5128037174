"""Measurements: `python -m benchmarks NAME --json`. Speed is measured here and never asserted in a test."""
