"""Networks: where they are stored, how their graph is built, how they run."""
