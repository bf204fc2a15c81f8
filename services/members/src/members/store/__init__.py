"""What members remembers. SQL lives here and nowhere else."""

import asyncpg

Connection = asyncpg.Connection
"""A connection inside a transaction of the caller's, unless a function says that it only reads."""
