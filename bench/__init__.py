"""Benchmarks: ratios between our way and the plain way, measured in one run."""
