"""A source becomes a table: files of every kind, databases, Python objects. Nothing is judged here."""
