"""Reads what a business knows of its past: purchases and returns, from files of any till or from the platform itself."""
