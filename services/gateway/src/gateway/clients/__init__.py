"""Whom the gateway asks: the services that own the answers."""
