"""Have the requests of a job done by a Ray cluster. Ray is imported when a cluster is asked for."""

from __future__ import annotations

from synthdata.cluster.ray_errands import RayErrands
from synthdata.cluster.travel import Sent, Travels

__all__ = ["RayErrands", "Sent", "Travels"]
