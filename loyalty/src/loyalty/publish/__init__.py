"""Publishes a file of events to Kafka: each checked first, none lost, and started again where it stopped."""
