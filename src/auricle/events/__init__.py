"""Scores become events: smoothing, hysteresis, decoding; and the ranking of the tracked labels."""
