"""What happens for each request that more than one owner, or the broker, has a part in."""
