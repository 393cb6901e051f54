"""Sources larger than memory: read twice, put on disk in a bounded cache, encoded block by block."""
