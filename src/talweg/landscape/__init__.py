"""What looks at a landscape without changing it: stationary points, curve sketching, planes, curvature."""
