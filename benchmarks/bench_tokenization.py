"""Byte-pair encoding: learning it against `tokenizers`, which is Rust, and encoding against `tiktoken`, Rust too."""

import pydoc

import tiktoken
import tokenizers

from benchmarks.measure import Row, interleaved
from course_lib.tokenization import PATTERNS, BytePairTokenizer

SIZE = 300_000  # characters, nearly all of them one byte
VOCABULARY_SIZE = 512
MODULES = """argparse collections csv datetime decimal difflib email functools inspect itertools json logging math
os pathlib pickle random re shutil socket statistics string subprocess tarfile tempfile threading typing"""


def text():
    """English with code in it, that every Python brings along: the help on modules of its library."""
    helps = "\n".join(pydoc.plaintext.document(pydoc.locate(module)) for module in MODULES.split())
    assert len(helps) > SIZE, f"only {len(helps)} characters of help"
    return helps[:SIZE]


def rust_training(text):
    """The training of `tokenizers`, with the same alphabet, pattern and size."""
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([text], trainer)
    return tokenizer


def rows(rounds=15):
    """Training takes at most 2.5 times as long as in Rust; encoding reaches 0.3 times the MB/s."""
    sample = text()
    calls = {
        "ours": lambda: BytePairTokenizer.train(sample, VOCABULARY_SIZE),
        "tokenizers": lambda: rust_training(sample),
    }
    assert calls["ours"]().vocabulary_size == calls["tokenizers"]().get_vocab_size() == VOCABULARY_SIZE
    seconds = interleaved(calls, rounds)
    yield Row("BPE training, 300 KB, V 512", "tokenizers", seconds["ours"], seconds["tokenizers"], 1 / 2.5)

    ranks = calls["ours"]().ranks
    peer = tiktoken.Encoding("ours", pat_str=PATTERNS["gpt2"], mergeable_ranks=ranks, special_tokens={})
    assert BytePairTokenizer(ranks).encode(sample) == peer.encode_ordinary(sample)
    warm_up = 2
    # a fresh one each round: nothing cached
    cold = [BytePairTokenizer(ranks) for _ in range(warm_up + rounds)]
    calls = {
        "ours": [lambda tokenizer=tokenizer: tokenizer.encode(sample) for tokenizer in cold],
        "tiktoken": lambda: peer.encode_ordinary(sample),
    }
    seconds = interleaved(calls, rounds, warm_up)
    yield Row("BPE encoding, cold cache", "tiktoken", seconds["ours"], seconds["tiktoken"], 0.3)
