"""Programme documents from an empty file to the last day: begin, check, compare, tell, publish, migrate into."""
