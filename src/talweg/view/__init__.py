"""What makes pixels and HTML from plain data and run folders. Nothing here imports JAX or trains."""
