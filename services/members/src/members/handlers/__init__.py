"""What happens for each message and command: load, decide, save. The caller owns the transaction."""
