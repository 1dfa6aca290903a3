# `make lab` opens the course, `make test` checks everything. Both first bring .venv up to date.
# PYTHON=python3.12 names the Python to make .venv with; ARGS goes to the program that the target runs,
# as in `make lab ARGS="--no-browser --port 8899"` or `make notebooks ARGS=notebooks/04_attention.ipynb`.
PY := .venv/bin/python
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

.PHONY: lab test notebooks drawings picture sheet worksheets slides links address model site outside lite bench browser release collect grade mark venv

lab: venv
	$(PY) -m jupyterlab --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb $(AS_ROOT) $(ARGS)

# Two processes on two cores: a thread each, or they wait for each other.
test: export OMP_NUM_THREADS ?= 1
# In tests and stored lessons no answer is kept: their outputs are the same for everybody.
test notebooks browser: export MY_GPT =
test: venv
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m pytest -n 2 --dist loadscope --doctest-modules --nbval --nbval-cell-timeout=600 tests course_lib notebooks/[0-9][0-9]_*.ipynb notebooks/checked/*.ipynb $(ARGS)

# Executes the lessons and writes them back in the one form that tests/notebooks accepts.
notebooks: venv
	$(PY) -m tests.notebooks.lessons $(ARGS)

# Writes notebooks/drawings/*.svg from code; with ARGS=--sheet also build/drawings.html, which shows them all.
drawings: venv
	$(PY) -m tools.drawings $(ARGS)

# Worksheets and their answers as PDF in build/worksheets; ARGS="--seed 7" draws other numbers.
worksheets: venv
	$(PY) -m tools.worksheets $(ARGS)

# Every drawing, figure and live picture on two pages to look at, light and dark, in build/sheet.
sheet: venv
	$(PY) -m tools.sheet

# Records the moving picture at the top of README.md in Chromium, from the state that lesson 04 stores.
picture: venv
	$(PY) -m tools.picture

# Writes badges, links, the table of lessons and all counts into README.md and docs/.
links: venv
	$(PY) -m tools.links

# Trains the GPT that lessons, tests and pictures share, a minute or two, and writes course_lib/data/trained_gpt.
model: venv
	$(PY) -m tools.model

# Gives the course the address of its public repository, URL=https://github.com/owner/name, or takes it away: URL=
address: venv
	$(if $(filter undefined,$(origin URL)),$(error give the address as URL=https://github.com/owner/name, or URL= to take it out))
	$(PY) -m tools.links "$(URL)"

# The course as web pages in build/site: stored outputs, nothing executed, every link checked. What `make lite`, `make slides`
# and `make worksheets` have built is put beside the pages and linked from them.
site:
	@sh tools/site.sh

# Asks every address outside the course, as the pages name it, whether it still answers. Needs a network.
outside:
	@sh tools/site.sh tools.site outside

# Slides of each lesson from its own cells, in build/slides; they need no network.
slides:
	@sh tools/site.sh tools.slides

# The lessons as notebooks that run in the browser, without a server, in build/lite.
lite:
	@sh tools/lite.sh

# Ratios against peers, measured in one run, and the cost of every lesson. ARGS=training runs a part.
bench: venv
	$(PY) -m benchmarks $(ARGS)

# Runs whole lessons in JupyterLab in a real browser, as `make test` does too, and takes pictures.
browser: venv
	$(PY) -m tests.browser.run_lesson $(ARGS)

# Student versions of the assignments, and the marks of their submissions: see notebooks/assignments/README.md.
release: venv
	$(PY) -m course_lib.classroom.release $(ASSIGNMENT) $(ARGS)

collect: venv
	$(PY) -m course_lib.classroom.collect $(ASSIGNMENT) $(ARGS)

grade: venv
	$(PY) -m course_lib.classroom.grade $(ASSIGNMENT) $(ARGS)

# nbgrader's Formgrader in the browser; its server must stand in the folder of the class.
mark: venv
	$(PY) -m jupyterlab --ServerApp.root_dir="$${COURSE:-build}" --LabApp.default_url=/formgrader/gradebook $(AS_ROOT) $(ARGS)

venv:
	@sh tools/venv.sh
