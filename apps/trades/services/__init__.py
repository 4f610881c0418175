"""Verbs that write the facts of business; a flow owns the transaction and the locks."""
