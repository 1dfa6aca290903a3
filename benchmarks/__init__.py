"""`make bench`: how fast and how large the library is, as ratios against peers measured in the same run."""
