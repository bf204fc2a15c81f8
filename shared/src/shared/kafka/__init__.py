"""Kafka, as the rest of the house meets it; nobody else speaks aiokafka."""
