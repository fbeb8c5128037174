"""The byte structures of photo files, without their pixels: PNG chunks, JPEG segments, RIFF chunks, TIFF IFDs."""
