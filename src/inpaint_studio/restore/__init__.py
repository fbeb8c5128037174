"""Finding damage in scans: detectors that propose, never decide. Qt-free; what is heavy runs in a worker."""
