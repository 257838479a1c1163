"""The formats of files that come with synthdata, one a module."""
