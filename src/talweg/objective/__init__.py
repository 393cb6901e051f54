"""What gives a number for given params: typed functions, networks, their losses and metrics."""
