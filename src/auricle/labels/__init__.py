"""Which of a model's labels are tracked."""
