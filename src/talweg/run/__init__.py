"""The order in which the rooms act: build, train, sum up, predict. No room below knows of it."""
