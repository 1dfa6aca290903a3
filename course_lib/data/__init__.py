"""What the course works on: its grammar, phrases, images and texts."""
