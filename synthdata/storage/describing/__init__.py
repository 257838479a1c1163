"""What a reader needs to trust a data set: statistics, data card, pictures, Croissant."""
