"""Nothing is lost: a training kept, interrupted, continued and repeated, and in what it was trained."""
