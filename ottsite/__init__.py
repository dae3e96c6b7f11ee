"""The composition root: settings, URLs, entry points. No app imports it."""
