"""The quantised coefficients of a JPEG: read, changed block by block, and written back in the file's own scans."""
