"""One file per module, same names; each test's docstring is a sentence that is true."""
