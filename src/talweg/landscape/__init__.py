"""What looks at many params without changing them: planes, surfaces, curvature, stationary points, curve sketching."""
