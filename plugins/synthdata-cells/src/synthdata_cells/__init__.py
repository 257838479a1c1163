"""Fluorescence images of nuclei with instance masks as a generator of synthdata; imports none."""
