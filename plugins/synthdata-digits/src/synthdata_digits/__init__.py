"""Handwritten-like digits and numbers as generators of synthdata; it imports none of them."""
