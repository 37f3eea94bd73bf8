# The commands of the house; each is a script that can be run by itself.
.PHONY: help run install test check lint bench train clean
help:           ## this list
	@grep -hE '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'
run:            ## installs what is needed, then listens (or plays the demonstration)
	@scripts/install run && .venv/bin/auricle run
install:        ## installs what is needed into .venv
	@scripts/install run
test:           ## installs what is needed, then runs the checks and tests
	@scripts/install test && scripts/check && scripts/test
check:          ## formatting, lint, types, floors; changes nothing
	@scripts/install test && scripts/check
lint:           ## formats and mends what can be mended
	@scripts/install test && scripts/lint
bench:          ## the figures of the README, measured here
	@scripts/install bench && scripts/bench
train:          ## trains the bundled model anew (an hour and three quarters, on older processors over two)
	@scripts/install train && .venv/bin/python -m training
clean:          ## removes what the others made
	rm -rf .venv build dist src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
