"""What changes params, or decides whether to go on. No printing, no wall clock, no global seed here."""
