"""The model in `spec/`: it holds, it notices every mutation, and the code behaves like it."""
