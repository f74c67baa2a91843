"""What makes the project public: its documentation site, its packages, its releases."""
