"""The published GPT-2's files: fetched from a folder that stands for the network, read, and written with."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel
from transformers.convert_slow_tokenizer import bytes_to_unicode

from course_lib.data import gpt2
from course_lib.in_numpy.checkpoints import load_gpt2 as numpy_load_gpt2
from course_lib.in_torch.checkpoints import load_gpt2, load_state, save_state
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


@pytest.fixture
def server():
    """serve(answers) gives an address; answers: name → bytes, or a function of the request that answers it."""
    running = []

    def serve(answers):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                answer = answers[self.path.lstrip("/")]
                if callable(answer):
                    answer(self)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *ignored):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for one in running:
        one.shutdown()
        one.server_close()


@pytest.fixture
def answers(source):
    return {name: (source / name).read_bytes() for name in gpt2.FILES}


def test_over_http_with_a_bar_for_each_file(server, answers, tmp_path, capsys):
    folder = gpt2.download(tmp_path, server(answers))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == answers
    printed = capsys.readouterr()
    assert all(f"{name}: 100%" in printed.out for name in gpt2.FILES) and printed.err == ""
    gpt2.download(tmp_path / "quiet", server(answers), progress=False)
    assert capsys.readouterr() == ("", "")


def breaks_off(request):
    request.send_response(200)
    request.send_header("Content-Length", "9")
    request.end_headers()
    request.wfile.write(b"half")
    request.close_connection = True


def test_a_file_that_breaks_off_is_not_taken(server, answers, tmp_path):
    with pytest.raises(OSError, match=r"vocab.json broke off.*; call download again"):
        gpt2.download(tmp_path, server(answers | {"vocab.json": breaks_off}))
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]  # whole, and kept


def test_a_server_that_falls_silent_is_left(server, answers, tmp_path, monkeypatch):
    monkeypatch.setattr(gpt2, "TIMEOUT", 0.2)
    over = threading.Event()

    def silent(request):
        request.send_response(200)
        request.send_header("Content-Length", "9")
        request.end_headers()
        over.wait(60)

    try:
        with pytest.raises(TimeoutError, match="config.json: nothing came for 0.2 s; call download again"):
            gpt2.download(tmp_path, server(answers | {"config.json": silent}))
    finally:
        over.set()
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_is_an_oserror(server, answers, tmp_path):
    with pytest.raises(OSError, match="404"):
        gpt2.download(tmp_path, server(answers | {"config.json": lambda request: request.send_error(404)}))
    assert list(tmp_path.iterdir()) == []


SIGN_IN = b"<html>Please sign in to use this network.</html>"
ELSE = {
    "config.json": [(SIGN_IN, "config.json: not JSON"), (b"[1]", "not the configuration of a GPT-2")],
    "vocab.json": [
        (SIGN_IN, "vocab.json: not JSON"),
        (b'["a"]', "vocab.json: not the vocabulary of a GPT-2"),
        (b'{"a": "b"}', "vocab.json: not the vocabulary of a GPT-2"),
        (b'{"a": 0}', "vocab.json: ranks must be"),
        (b"\xff", "vocab.json: not JSON"),
        (b"[" * 100_000, "vocab.json: not JSON"),
    ],
    "model.safetensors": [
        (SIGN_IN, "not a safetensors file"),
        (b"PK\x03\x04" + bytes(9), "this is a pickle"),
    ],
}


@pytest.mark.parametrize(
    ("name", "sent", "says"), [(name, *case) for name, cases in ELSE.items() for case in cases]
)
def test_something_else_is_not_kept(server, answers, tmp_path, name, sent, says):
    with pytest.raises(
        ValueError, match=f"^download: http.* sent something else, which is not kept: .*{says}"
    ):
        gpt2.download(tmp_path, server(answers | {name: sent}))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(gpt2.FILES[: gpt2.FILES.index(name)])
    assert gpt2.download(tmp_path, server(answers)) == tmp_path, "a second call fetches what is missing"


@pytest.mark.parametrize("load", [load_gpt2, numpy_load_gpt2], ids=["torch", "numpy"])
def test_a_folder_with_other_weights_is_explained(source, tmp_path, load):
    (tmp_path / "config.json").write_bytes((source / "config.json").read_bytes())
    with pytest.raises(FileNotFoundError, match="has no model.safetensors, nor another file of weights$"):
        load(tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"PK")
    with pytest.raises(
        FileNotFoundError, match="no model.safetensors, only pytorch_model.bin; a .bin is a pickle"
    ):
        load(tmp_path)
    (tmp_path / "model-00001-of-00002.safetensors").write_bytes(b"")
    with pytest.raises(
        FileNotFoundError, match="only model-00001-of-00002.safetensors, .* several files are not read"
    ):
        load(tmp_path)


@pytest.mark.parametrize("load", [load_gpt2, numpy_load_gpt2], ids=["torch", "numpy"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_not_loaded(source, tmp_path, load, value):
    state = load_state(source / "model.safetensors")
    name = next(name for name in state if name.endswith("h.1.ln_2.weight"))
    state[name][3] = value
    save_state(tmp_path / "model.safetensors", state)
    (tmp_path / "config.json").write_bytes((source / "config.json").read_bytes())
    with pytest.raises(ValueError, match="nothing loaded: h.1.ln_2.weight holds NaN or infinity"):
        load(tmp_path)


def test_its_characters_for_bytes_are_those_of_transformers():
    assert gpt2._characters() == [bytes_to_unicode()[byte] for byte in range(256)]


def test_another_vocabulary_is_refused(tmp_path):
    (tmp_path / "vocab.json").write_text('{"日": 0}', encoding="utf-8")
    with pytest.raises(ValueError, match="'日' does not stand for a byte"):
        gpt2.read_tokenizer(tmp_path)
