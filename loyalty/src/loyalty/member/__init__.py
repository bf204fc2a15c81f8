"""A member's points as anyone with the right scope sees them: through the gateway and nothing else."""
