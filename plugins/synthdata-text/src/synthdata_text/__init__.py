"""Words, lines and paragraphs as generators of synthdata; it imports none of them."""
