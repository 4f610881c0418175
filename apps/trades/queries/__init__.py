"""Questions about the facts of business; every one costs the same however long the history is."""
