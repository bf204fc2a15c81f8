"""Keys: what only members can open, hash or check. All come from files."""
