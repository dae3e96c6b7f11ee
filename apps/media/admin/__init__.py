"""Videos in the newsroom: to look at, and to upload."""

from . import assets, uploads

__all__ = ["assets", "uploads"]
