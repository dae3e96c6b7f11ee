"""Makes short films for demonstrations, the same bytes for the same film; `master.write` makes the file."""
