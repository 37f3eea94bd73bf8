"""How well a model names labelled recordings: the manifest, the figures, the table, the picture."""
