"""`loyalty till`: a small till in the terminal, as a store's software would behave."""
