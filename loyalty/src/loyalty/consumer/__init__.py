"""Consumers, for operators: where each partition stands, and to let stopped ones go on."""
