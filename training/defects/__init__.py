"""The defect detector: synthetic generator, network, training and export. See README.md here for the order of the commands."""

CLASSES = ("dust", "lines", "cracks", "stains")
"""Channels of labels and predictions: dust and specks; hairs and scratches; creases and cracks; emulsion loss and stains."""
