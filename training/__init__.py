"""The recipe of the bundled model: everything that needs torch lives in this folder, nothing of it at run time."""
