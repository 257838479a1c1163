"""QR codes and one-dimensional barcodes as generators of synthdata; it imports none of them."""
