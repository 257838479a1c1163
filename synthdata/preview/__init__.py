"""Pictures of samples with their annotations drawn; TensorFlow plays no part."""

from synthdata.preview.pixels import picture
from synthdata.preview.sheet import contact_sheet, draw_sample

__all__ = ["contact_sheet", "draw_sample", "picture"]
