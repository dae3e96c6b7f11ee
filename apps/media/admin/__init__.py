"""The newsroom's pages about videos: what there is, and the work on it."""

from . import assets, jobs

__all__ = ["assets", "jobs"]
