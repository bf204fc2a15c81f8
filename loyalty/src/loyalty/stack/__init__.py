"""Runs the whole platform on one machine: broker, PostgreSQL and services, under one supervisor."""
