"""Runs the benchmarks, prints a table and writes build/bench.json.

python -m benchmarks                     # all
python -m benchmarks training memory     # some
python -m benchmarks --threads 1 training
"""

import argparse
import importlib
import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

NAMES = ["training", "flagship", "generation", "tokenization", "memory", "classroom", "lessons", "widgets"]
RESULT = Path("build/bench.json")


def main():
    """Parse the arguments, run, print, write. Returns 0 also where a bar is missed: this reports, tests judge."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="name", help=f"any of {', '.join(NAMES)}; default: all")
    parser.add_argument(
        "--threads", type=int, default=2, help="threads of NumPy and PyTorch alike (default 2)"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(NAMES):
        parser.error(f"no benchmark {min(unknown)!r}; there are {', '.join(NAMES)}")
    # before NumPy and torch are loaded: afterwards their pools have been made
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
        os.environ[variable] = str(arguments.threads)

    machine = {
        "python": platform.python_version(),
        "processor": f"{platform.machine()}, {os.cpu_count()} cores",
        "threads": arguments.threads,
    } | {name: version(name) for name in ("numpy", "torch", "transformers", "tokenizers", "tiktoken")}
    print(*(f"{key}: {value}" for key, value in machine.items()), sep=" · ")
    results = {}
    for name in arguments.names or NAMES:
        results[name] = []
        for row in importlib.import_module(f"benchmarks.bench_{name}").rows():
            row = row if isinstance(row, dict) else row.summary()
            results[name].append(row)
            print(line(row), flush=True)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({"machine": machine, "results": results}, indent=1) + "\n")
    print(f"written to {RESULT}")


def line(row):
    """One row as a line of text.

    >>> line({"what": "01", "seconds": 2.04, "bar, s": 6, "MB": 101.2, "bar, MB": 450, "met": True})
    '01                                            2.0 s of   6   101 MB of 450   met'
    """
    verdict = "met" if row["met"] else "MISSED"
    if row.get("bar, s", row.get("bar", 0)) is None:
        verdict = "to compare"
    if "seconds" in row:
        bar = f" of {row['bar, s']:3}" if row["bar, s"] else ""
        cost = f"{row['seconds']:.1f} s{bar}   {row['MB']:.0f} MB of {row['bar, MB']}"
        return f"{row['what']:44}  {cost}   {verdict}"
    if "p95, ms" in row:
        noisy = " by the main thread" if row["judged"].startswith("main") else ""
        bar = f"bar {row['bar, ms']:.0f} ms   {verdict}{noisy}" if row["bar, ms"] else "to compare"
        return (
            f"{row['what']:36}  median {row['median, ms']:6.1f}  p95 {row['p95, ms']:6.1f} ms   main thread"
            f" {row['main thread, ms']:5.1f}  p95 {row['main thread p95, ms']:5.1f} ms   {bar}"
        )
    unit = "MB" if "ours, MB" in row else "ms"
    low, high = row["spread"]
    bar = f"  bar {row['bar']:.2f}" if row["bar"] else ""
    return (
        f"{row['what']:44}  {row['ratio']:5.2f}× {row['peer']:15} ({low:.2f}–{high:.2f}){bar}"
        f"  {row[f'ours, {unit}']:8.1f} against {row[f'peer, {unit}']:8.1f} {unit}   {verdict}"
    )


if __name__ == "__main__":
    sys.exit(main())
