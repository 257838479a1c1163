"""The built-in generators, registered through the same entry points as anyone's."""
