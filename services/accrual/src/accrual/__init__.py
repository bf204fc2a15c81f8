"""The ledger of the platform: what each event earns, once, and why."""
