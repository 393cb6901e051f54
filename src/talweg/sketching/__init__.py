"""What calculus says of a typed function, as steps in words: derivatives, stationary points, limits, convexity."""
