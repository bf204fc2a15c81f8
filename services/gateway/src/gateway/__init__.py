"""One public query API: authenticate, ask the owning services, compose, answer."""
