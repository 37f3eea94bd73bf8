"""The front end: samples become log-mel frames."""
