"""A run's map: what is recorded, which plane is drawn, what is seen there, what lies between the members."""
