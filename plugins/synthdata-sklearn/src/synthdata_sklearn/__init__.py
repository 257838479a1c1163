"""scikit-learn's point sets and matrices and scikit-image's random shapes as generators.

They are found by their ids, as ``synthdata.make("moons-v1")``; a module here holds one each.
"""

__version__ = "0.1.0"
