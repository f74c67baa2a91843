"""Names of files and lines of text: what they may be, and how they are shown."""
