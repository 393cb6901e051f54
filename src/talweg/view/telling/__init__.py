"""What is said of a run, in words and numbers and in two languages. How it is laid out is in `report`."""
