"""Samples that were made, kept in a folder of the user's for later epochs and other processes."""
