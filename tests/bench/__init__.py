"""Benchmarks: every `bench_*.py` here has a `main()` that prints what it measured."""
