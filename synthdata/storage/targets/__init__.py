"""Where data sets lie: a folder, or an object store."""
