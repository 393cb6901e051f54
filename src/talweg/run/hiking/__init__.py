"""A hike and a sketch of a typed function: what is computed, where everyone arrived in words, the scene to draw."""
