"""Pictures of the lessons: arrays in, a figure and one sentence out. Needs no torch."""
