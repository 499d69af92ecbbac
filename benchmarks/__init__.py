"""nettui's figures, measured against what people use instead: `python -m benchmarks`."""
