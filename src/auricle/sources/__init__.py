"""Where sound comes from: a microphone, a recording, a pipe, an array."""
