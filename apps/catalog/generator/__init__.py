"""Invents a believable catalogue, deterministically; `services.generating` stores it."""
