"""The deeds of accounts, one noun a module."""
