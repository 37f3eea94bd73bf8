"""The ring buffer and the streaming resampler."""
