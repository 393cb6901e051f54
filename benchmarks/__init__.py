"""Measurements of speed against other libraries; `README.md` says how to run them. Quality is measured in the tests."""
