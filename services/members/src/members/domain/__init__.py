"""The rules of registering: pure, without I/O, clock or randomness."""
