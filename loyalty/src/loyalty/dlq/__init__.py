"""Dead letters, for operators: list them, look at one, send them again, let them go."""
