"""The command line of training, python -m course_lib.in_torch.train --help: it reads, trains, tells and stops."""

import os
import sys
from pathlib import Path

import torch
from torch import distributed
from tqdm import tqdm

from course_lib.data.english import ENGLISH
from course_lib.data.grammar import Grammar
from course_lib.data.text_file import TextFile
from course_lib.in_both.config import GPTConfig
from course_lib.in_torch.gpt import GPT, parameter_count
from course_lib.in_torch.train import train
from course_lib.in_torch.train_options import HELD_OUT, SIZES, arguments, prepare, refuse_another_run
from course_lib.in_torch.write import TOKENIZER, text_of, write
from course_lib.runs import LOOK, checkpoints, digest, last_good, newest_facts, windows
from course_lib.terminal import forget_stdout, show_any_text
from course_lib.tokenization import END

__all__ = ["main"]


def _corpus(options, say, watch):
    """What to learn from: (corpus, tokens, held-out tokens)."""
    if options.text is None:
        say("writing 1,000,000 tokens of the grammar's language")
        corpus = Grammar(ENGLISH)
        return corpus, corpus.stream(1_000_000, seed=1), corpus.stream(HELD_OUT, seed=2)
    path, C = Path(options.text), options.C
    say(f"reading {path}, {path.stat().st_size / 1e6:,.1f} MB")
    try:
        corpus = TextFile(path, options.vocabulary, watch)
    except (OSError, ValueError) as error:
        raise ValueError(f"--text: {error}") from error
    for tokens, part in (
        (corpus.tokens, "the part to learn from"),
        (corpus.held_out, "its last tenth, to test on,"),
    ):
        if len(tokens) <= C:
            has = "1 token" if len(tokens) == 1 else f"{len(tokens):,} tokens"
            raise ValueError(
                f"--text: {path} is too short: {part} has {has}, a window of --C {C} needs {C + 1}; "
                "take a longer text or a smaller --C"
            )
    return corpus, corpus.tokens, corpus.held_out


def _sample(model, corpus, held_out, seed):
    """A text by the model: a sentence of the grammar's language, or how the held-out text might go on."""
    C, generator = model.config.C, torch.Generator(model.wte.weight.device).manual_seed(seed)
    if isinstance(corpus, Grammar):
        text = "".join(text_of(corpus, write(model, [corpus.ids[END]], C, generator=generator)))
        return text.split("\n")[0].strip()
    start = held_out[: max(C // 2, 1)].tolist()
    new = write(model, start, min(C, 100), generator=generator)
    return corpus.decode(start[-100:]) + "".join(text_of(corpus.tokenizer, new))


def _run(options, first):
    def say(words):
        if first:
            tqdm.write(words, file=sys.stdout)  # above the bar

    def watch(steps, what):
        """A bar for what takes longer than half a second."""
        return tqdm(steps, what, file=sys.stdout, leave=False, delay=0.5, disable=options.quiet or not first)

    folder, recipe = options.folder, options.recipe
    if not prepare(options):
        say(
            f"the run in {folder} is finished, all of its {recipe.steps:,} steps are done\n{_how_to_write(folder)}"
        )
        return
    corpus, tokens, held_out = _corpus(options, say, watch)
    if options.resume:
        refuse_another_run(newest_facts(folder), {"sizes": {"V": corpus.V}, "text": digest(tokens)})
    if first and options.text is not None:
        corpus.tokenizer.save(Path(folder, TOKENIZER))
    config = GPTConfig(V=corpus.V, **{letter: getattr(options, letter) for letter in SIZES})
    model = GPT(config, torch.Generator().manual_seed(recipe.seed), options.std).to(options.device)
    rows, looked_at = windows(held_out, config.C), windows(held_out, config.C, max(LOOK // config.C, 1))
    say(f"{parameter_count(config):,} parameters, {len(tokens):,} tokens, {len(rows):,} held-out windows")
    if len(looked_at) < len(rows):
        say(f"each look at the held-out text takes {len(looked_at):,} of its windows, always the same")
    floor = None
    if first and isinstance(corpus, Grammar):
        unigram, bigram = corpus.floors(1)
        # of who knows the grammar, on the same tokens
        floor = -corpus.log_probabilities(looked_at)[:, 1:].mean()
        say(f"floors in nats: unigram {unigram:.4f}, bigram {bigram:.4f}, the grammar here {floor:.4f}")
    say(f"saving in {folder} every {recipe.save_every:,} steps; Ctrl-C stops, --resume goes on")

    def on_step(step, history):
        if not history["held_out"] or history["held_out"][-1][0] != step:
            return
        loss = history["held_out"][-1][1]
        gap = "" if floor is None else f", {loss / floor - 1:.2%} above the grammar"
        say(f"step {step}: held-out loss {loss:.4f}{gap}\n  {_sample(model, corpus, held_out, step)!r}")

    bf16 = options.device.startswith("cuda") if options.bf16 is None else options.bf16
    train(model, tokens, held_out, recipe, folder, options.resume, on_step, not options.quiet, bf16)
    say(f"saved in {folder} as step_{recipe.steps:06}\n{_how_to_write(folder)}")


def _how_to_write(folder):
    folder = f'"{folder}"' if " " in folder else folder
    return f"let it write: python -m course_lib.in_torch.write --folder {folder}"


def _stopped(options):
    """What a stopped run leaves behind, as a sentence."""
    folder = options.folder
    if checkpoints(folder):
        return f"{last_good(folder)}, --resume goes on from there; {_how_to_write(folder)}"
    there = "there is the tokenizer alone" if Path(folder, TOKENIZER).exists() else "nothing was saved"
    return (
        f"{there}, as the first checkpoint comes at step {options.save_every:,}: begin again without --resume"
    )


def main(words=None):
    """The command line; returns the exit code."""
    show_any_text()
    options = arguments(words)
    processes = "RANK" in os.environ and "WORLD_SIZE" in os.environ  # torchrun started this one
    first = not processes or os.environ["RANK"] == "0"
    if options.device.startswith("cuda"):
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS asks for it, to be deterministic
        torch.use_deterministic_algorithms(True)
    try:
        if processes:
            if options.device == "cuda":
                options.device = f"cuda:{os.environ['LOCAL_RANK']}"
                torch.cuda.set_device(options.device)
            distributed.init_process_group("nccl" if options.device.startswith("cuda") else "gloo")
        _run(options, first)
    except BrokenPipeError:
        forget_stdout()
        print(f"train: stopped, as nobody reads its output any more; {_stopped(options)}", file=sys.stderr)
        return 1
    except FloatingPointError as error:
        print(f"train: {error}; a smaller --lr or --std may help", file=sys.stderr)
        return 1
    except (OSError, ValueError) as error:
        print(f"train: {str(error).removeprefix('train: ')}", file=sys.stderr)
        return 1
    except (MemoryError, RuntimeError) as error:
        words = ("not enough memory", "can't allocate memory")  # of PyTorch on Windows, and elsewhere
        if not isinstance(error, (MemoryError, torch.OutOfMemoryError)) and not any(
            word in str(error) for word in words
        ):
            raise
        print(
            "train: there is not enough memory; make --D, --L, --C or --B smaller, or raise --accumulate",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt as stop:
        if first:
            print(f"\ntrain: stopped; {_stopped(options)}", file=sys.stderr)
        return 128 + (stop.args or (2,))[0]
    finally:
        if processes and distributed.is_initialized():
            distributed.destroy_process_group()
    return 0
