"""What waits for its purchase, for operators."""
