"""Every entry and component of a snapshot, for a reader who wants to see the library."""
