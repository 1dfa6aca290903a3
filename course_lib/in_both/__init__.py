"""What the two frameworks share, because no mathematics is in it: sizes, schedules, searches' bookkeeping, files."""
