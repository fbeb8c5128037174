"""The model library: which models there are, which are on this disk, and how one gets here safely."""
