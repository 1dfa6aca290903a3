"""The published GPT-2's files: fetched from a folder that stands for the network, read, and written with."""

import io
import json
from types import MappingProxyType

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel
from transformers.convert_slow_tokenizer import bytes_to_unicode

from course_lib import gpt2
from course_lib.in_torch.checkpoints import load_gpt2
from course_lib.tokenization import BytePairTokenizer

TEXT = "We swam across the river to the other bank — naïve, but we took no cash. " * 3


@pytest.fixture(scope="module")
def ours():
    return BytePairTokenizer.train(TEXT, 300, special_tokens={"<|endoftext|>": 299})


@pytest.fixture(scope="module")
def source(ours, tmp_path_factory):
    """A random model and our own merges, as Hugging Face lays a GPT-2 out."""
    folder = tmp_path_factory.mktemp("published")
    torch.manual_seed(0)
    sizes = {"vocab_size": 300, "n_positions": 32, "n_embd": 12, "n_head": 3, "n_layer": 2}
    GPT2LMHeadModel(GPT2Config(**sizes, bos_token_id=299, eos_token_id=299)).save_pretrained(folder)
    visible = gpt2._characters()
    entries = {"".join(visible[byte] for byte in token): id for token, id in ours.ranks.items()}
    (folder / "vocab.json").write_text(json.dumps(entries | {"<|endoftext|>": 299}), encoding="utf-8")
    return folder


def test_a_random_checkpoint_is_fetched_read_and_written_with(source, ours, tmp_path):
    folder = gpt2.download(tmp_path / "new" / "folder", source.as_uri())
    assert sorted(path.name for path in folder.iterdir()) == sorted(gpt2.FILES)
    tokenizer, model = gpt2.read_tokenizer(folder), load_gpt2(folder)
    ids = tokenizer.encode(TEXT[:40])
    assert ids == ours.encode(TEXT[:40]) and tokenizer.decode(ids) == TEXT[:40]
    assert tokenizer.encode("<|endoftext|>", allowed_special="all") == [299]
    theirs = GPT2LMHeadModel.from_pretrained(source).eval()
    with torch.no_grad():
        expected = theirs(torch.tensor([ids])).logits
    np.testing.assert_allclose(model([ids]).detach(), expected, rtol=0, atol=1e-5)
    text = tokenizer.decode(model.generate(ids, 5, greedy=True).tolist(), errors="replace")
    assert text.startswith(TEXT[:40]) and len(text) > 40


def test_what_is_there_is_not_fetched_again(source, tmp_path):
    (tmp_path / "vocab.json").write_text("mine", encoding="utf-8")
    gpt2.download(tmp_path, source.as_uri())
    assert (tmp_path / "vocab.json").read_text(encoding="utf-8") == "mine"
    gpt2.download(tmp_path, "file:///nowhere")  # all there: nothing is asked for


def test_no_network_leaves_no_half_file(tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        gpt2.download(tmp_path, "file:///nowhere")
    assert [path.name for path in tmp_path.iterdir()] == []


def test_a_file_that_breaks_off_is_not_taken(tmp_path, monkeypatch):
    class Broken(io.BytesIO):
        headers = MappingProxyType({"Content-Length": "9"})

    monkeypatch.setattr(gpt2, "urlopen", lambda address: Broken(b"half"))
    with pytest.raises(OSError, match="config.json broke off after 4 of 9 bytes; call download again"):
        gpt2.download(tmp_path)
    assert not (tmp_path / "config.json").exists()


def test_its_characters_for_bytes_are_those_of_transformers():
    assert gpt2._characters() == [bytes_to_unicode()[byte] for byte in range(256)]


def test_another_vocabulary_is_refused(tmp_path):
    (tmp_path / "vocab.json").write_text('{"日": 0}', encoding="utf-8")
    with pytest.raises(ValueError, match="'日' does not stand for a byte"):
        gpt2.read_tokenizer(tmp_path)
