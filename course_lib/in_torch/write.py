"""Let a trained GPT write: python -m course_lib.in_torch.write --help

The model is the newest checkpoint of a folder that `course_lib.in_torch.train` has filled.
"""

import codecs
import math
import sys
from pathlib import Path

if __name__ == "__main__":  # so that Ctrl-C and SIGTERM are answered while PyTorch is loaded
    from course_lib.terminal import begin

    begin(None)

import torch

from course_lib.data.english import ENGLISH
from course_lib.data.grammar import Grammar
from course_lib.in_both.config import GPTConfig
from course_lib.in_torch.checkpoints import load_state
from course_lib.in_torch.generation import next_token_probabilities, sample
from course_lib.in_torch.gpt import GPT
from course_lib.runs import load_checkpoint
from course_lib.terminal import Parser, forget_stdout, name, number, show_any_text, whole
from course_lib.tokenization import END, BytePairTokenizer

__all__ = ["TOKENIZER", "check_device", "load_run", "main", "text_of", "write"]

TOKENIZER = "tokenizer.tiktoken"  # in the folder of a run; one on the grammar has none


@torch.inference_mode()
def write(model, ids, new_tokens, temperature=1.0, top_k=None, top_p=None, generator=None):
    """Yield `new_tokens` ids, one at a time, that go on from the text `ids` (T,); the text may outgrow the context.

    The model sees as much of the end of the text as fits its context C. When that is full, it reads the last half
    again and goes on. temperature 0 takes the most likely token. Raises as `next_token_probabilities` does.

    >>> model = GPT(GPTConfig(V=5, C=4, D=4, H=2, L=1))
    >>> len(list(write(model, [1, 2], new_tokens=9)))
    9
    """
    C, text, cache = model.config.C, list(ids), None
    for _ in range(new_tokens):
        if cache is None or cache[0].length == C:
            fed = text[-C:] if cache is None else text[-max(C // 2, 1) :]
            cache = model.new_cache(1)
        else:
            fed = text[-1:]
        logits = model([fed], cache)[0, -1]  # (V,), what follows
        if temperature == 0:
            chosen = logits.argmax()
        else:
            chosen = sample(next_token_probabilities(logits, temperature, top_k, top_p), generator)
        text.append(chosen.item())
        yield text[-1]


def text_of(corpus, ids):
    """Yield the text of each id as soon as it is known: bytes that are no character yet wait for the next."""
    if isinstance(corpus, Grammar):
        for id in ids:
            yield "\n" if corpus.words[id] == END else corpus.words[id] + " "
        return
    characters = codecs.getincrementaldecoder("utf-8")("replace")  # a model may well write half a character
    for id in ids:
        yield characters.decode(corpus.tokens[id])
    yield characters.decode(b"", final=True)


def load_run(folder):
    """The model of the folder's newest checkpoint, and what turns its ids into text: (GPT, tokenizer or grammar).

    Raises OSError or ValueError when there is no checkpoint, or one that is damaged.
    """
    facts, state = load_checkpoint(folder, load_state)
    try:
        model = GPT(GPTConfig(**facts["sizes"]))
        model.load_state_dict(
            {name.removeprefix("model."): p for name, p in state.items() if name.startswith("model.")}
        )
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"step {facts['step']} in {folder} is of no GPT: {error}") from error
    grammar, V = Grammar(ENGLISH), model.config.V
    # its V is 256 or more
    corpus = grammar if V == grammar.V else BytePairTokenizer.load(Path(folder, TOKENIZER))
    if not isinstance(corpus, Grammar) and corpus.vocabulary_size != V:
        raise ValueError(
            f"{TOKENIZER} in {folder} has {corpus.vocabulary_size} tokens, the model {V}: it is of another run"
        )
    return model.eval(), corpus


def check_device(device):
    """Raise ValueError in one sentence when PyTorch cannot compute on the device.

    >>> check_device("tpu")
    Traceback (most recent call last):
    ValueError: --device tpu cannot be used here; --device cpu always can
    """
    try:
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError, ImportError, AttributeError) as error:
        raise ValueError(f"--device {device} cannot be used here; --device cpu always can") from error


def _arguments(words):
    parser = Parser(
        prog="python -m course_lib.in_torch.write",
        description="Let a GPT that course_lib.in_torch.train has trained write, from its newest checkpoint.",
    )
    parser.add_argument("--folder", type=name, default="runs/gpt", help="of the run (default: runs/gpt)")
    parser.add_argument(
        "--prompt", type=name, help="what the text begins with (default: a new line, or a new sentence)"
    )
    parser.add_argument("--tokens", type=whole(1), default=200, help="how many to write (default: 200)")
    parser.add_argument(
        "--temperature", type=number("of at least 0", lambda x: 0 <= x < math.inf), default=1.0,
        help="below 1 keeps to what is likely, 0 takes the most likely token each time (default: 1)",
    )  # fmt: skip
    parser.add_argument("--top-k", type=whole(1), help="choose among the k most likely tokens (default: all)")
    parser.add_argument(
        "--top-p", type=number("above 0 and at most 1", lambda x: 0 < x <= 1),
        help="choose among the fewest tokens that are likely with p together, as 0.9 (default: all)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=whole(0, 2**63 - 1), default=0, help="another seed, another text (default: 0)"
    )
    parser.add_argument("--device", default="cpu", help="cpu, cuda or mps (default: cpu)")
    return parser.parse_args(words)


def _run(options):
    check_device(options.device)
    try:
        model, corpus = load_run(options.folder)
    except FileNotFoundError as error:
        if error.filename:
            raise ValueError(
                f"--folder {options.folder}: {Path(error.filename).name} is missing in it"
            ) from error
        raise ValueError(
            f"--folder: {error}; course_lib.in_torch.train saves there when it is given the same --folder"
        ) from error
    if options.top_k is not None and options.top_k > model.config.V:
        raise ValueError(
            f"--top-k: the model has {model.config.V} tokens to choose from, got {options.top_k}"
        )
    try:
        prompt = corpus.encode("\n" if options.prompt is None else options.prompt)
    except ValueError as error:  # a word that the grammar lacks
        raise ValueError(f"--prompt: {error}") from error
    if isinstance(corpus, Grammar):
        prompt.insert(0, corpus.ids[END])
    model.to(options.device)
    generator = torch.Generator(options.device).manual_seed(options.seed)
    ids = write(model, prompt, options.tokens, options.temperature, options.top_k, options.top_p, generator)
    if options.prompt is not None:
        print(options.prompt, end=" " if isinstance(corpus, Grammar) else "", flush=True)
    for text in text_of(corpus, ids):
        print(text, end="", flush=True)
    print()


def main(words=None):
    """The command line; returns the exit code."""
    show_any_text()
    options = _arguments(words)
    try:
        _run(options)
    except BrokenPipeError:  # as when the output goes to `head`
        forget_stdout()
    except (OSError, ValueError) as error:
        print(f"write: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as stop:
        print("\nwrite: stopped", file=sys.stderr)
        return 128 + (stop.args or (2,))[0]
    return 0


if __name__ == "__main__":
    sys.exit(main())
