"""Still pictures of numbers: histories, schedules, range tests, noise, what lies between members, sketched curves."""
