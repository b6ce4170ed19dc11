"""What the PyTorch engine of bench runs in its child process: `python -m bench_torch`, JSON-RPC over its standard streams."""
