"""What only concerns Windows, and the whole suite under Wine: `python -m tests.windows`."""
