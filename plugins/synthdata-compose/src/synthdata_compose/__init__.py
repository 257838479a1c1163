"""Scenes of cut-outs on backgrounds as a generator of synthdata; it imports none of it."""
