"""The newsroom's pages about videos: what there is, the work on it, and uploading."""

from . import assets, jobs, uploads

__all__ = ["assets", "jobs", "uploads"]
