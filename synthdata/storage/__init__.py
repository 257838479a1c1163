"""Data sets in files: written shard by shard, verified, and read back."""
