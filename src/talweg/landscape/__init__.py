"""What looks at many params of a network without changing them: planes, surfaces and their error, curvature, passes."""
