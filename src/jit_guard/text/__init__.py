"""File names and lines of text: what is valid, and how they are displayed."""
