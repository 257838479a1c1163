"""What is wrong with an installation and its plugins; each plugin is imported in a fresh process.

The processes are started by ``fresh``; ``look`` and ``probe`` are what runs in them. Nothing here
imports NumPy or Pydantic in the process that asks, since they may be what is broken.
"""

from synthdata.doctor.environment import Finding, examine_environment
from synthdata.doctor.notes import cause_of
from synthdata.doctor.plugins import Plugin, examine_plugin, installed

__all__ = ["Finding", "Plugin", "cause_of", "examine_environment", "examine_plugin", "installed"]
