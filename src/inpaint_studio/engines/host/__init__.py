"""Worker processes: engines run in them, so that a crash, a leak or a stubborn native call never costs a document."""
