"""The wire shapes of the platform: the only thing its services share with each other."""
