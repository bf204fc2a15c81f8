"""What a business may write in a programme document, section by section, and what is wrong with what it wrote."""
