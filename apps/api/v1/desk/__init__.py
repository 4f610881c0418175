"""The desk for people: everything that a mobile app or a browser's script needs."""
