"""The gate: what may be wrong with a source, found before the first step and said with the rows and the mend."""
