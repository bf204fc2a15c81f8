"""Writes one self-contained HTML page: figures, charts and tables for people who decide. No script, no network, light and dark, fit to print."""
