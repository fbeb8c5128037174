"""Rasters and the arithmetic on them: rectangles, sparse tiles, masks, depth, blending."""
