"""Documents with their layers as other programs read them: Photoshop's PSD and OpenRaster. Written only."""
