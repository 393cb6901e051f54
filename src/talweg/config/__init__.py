"""What a person may set, frozen and validated, and its TOML form. Nothing is trained here."""
