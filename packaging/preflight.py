"""Say in one line what this machine lacks before `make` installs anything. Runs on any Python, without packages."""

import ctypes
import sys


def complaints():
    """Each thing that is missing, with the command that installs it."""
    if not (3, 11) <= sys.version_info[:2] < (3, 14):
        yield "Python 3.11 to 3.13 is needed, this is {}.{}: make PYTHON=python3.11 run".format(*sys.version_info)
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        yield "Python's venv module is missing: sudo apt-get install python3-venv"
    if sys.platform == "linux":
        try:
            ctypes.CDLL("libstdc++.so.6")
        except OSError:
            yield "libstdc++ is missing: sudo apt-get install libstdc++6"


if __name__ == "__main__":
    FOUND = list(complaints())
    for line in FOUND:
        sys.stderr.write(line + "\n")
    sys.exit(1 if FOUND else 0)
