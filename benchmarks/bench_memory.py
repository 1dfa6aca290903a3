"""The most memory that a training step holds, each in a process of its own: NumPy against PyTorch."""

import resource
import subprocess
import sys

from benchmarks.measure import Row

STEPS = 4


def rows(rounds=3):
    """One row for each size: how far the process grows over what it held before it built the model."""
    for size in ("S", "M"):
        ours, theirs = ([peak(who, size) for _ in range(rounds)] for who in ("numpy", "torch"))
        yield Row(f"NumPy training step, {size}: memory", "our torch step", ours, theirs, 1.0, "MB")


def peak(who, size):
    """Megabytes of growth while a fresh process trains STEPS steps."""
    command = [sys.executable, "-m", __name__, who, size]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def grow(who, size):
    """Build the model, train it, and say how far this process's peak rose, in megabytes."""
    from benchmarks import bench_training as training
    from course_lib.in_numpy.memory import reuse_freed_memory

    reuse_freed_memory()
    step = {"numpy": training.numpy_step, "torch": training.torch_step}[who]
    tiny = {"L": 1, "H": 1, "D": 2, "C": 2, "B": 1}
    step(tiny)(*training.batches(tiny)[0])  # what a library loads at its first step is not the step's memory
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    train = step(training.SIZES[size])
    for ids, targets in training.batches(training.SIZES[size], STEPS):
        train(ids, targets)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024  # Linux counts in kilobytes


if __name__ == "__main__":
    print(grow(*sys.argv[1:]))
