"""How programs ask members, and tell it things, by HTTP."""
