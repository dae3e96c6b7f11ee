"""The database engine of `settings.DATABASES`: PostgreSQL with deadlines."""
