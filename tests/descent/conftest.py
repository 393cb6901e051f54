"""What is in `reference` needs PyTorch, and is run by hand."""

collect_ignore_glob = ["reference/*.py"]
