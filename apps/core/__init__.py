"""The words that every other app shares: ids, time, errors, money, locks, partitions, secrets."""
