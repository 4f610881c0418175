"""Names of people and firms: taken apart into words, and how alike two of them are."""
