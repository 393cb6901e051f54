"""What stands in the terminal: progress, summaries, tables. Numbers come in as plain data."""
