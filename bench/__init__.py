"""Side-by-side measurements; `make bench` runs them and prints ratios of medians."""
