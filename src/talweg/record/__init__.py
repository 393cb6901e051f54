"""What outlives a run as a file. Nothing here imports JAX, draws, or decides."""
