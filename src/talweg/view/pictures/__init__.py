"""Pictures of pictures: photographs in a row, and masks in colors."""
