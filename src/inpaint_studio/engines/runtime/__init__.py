"""torch and its kind: devices, memory, pipelines. What is heavy is imported inside functions, by worker processes."""
