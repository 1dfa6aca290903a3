"""Training and writing as programs: a text of one's own from first line to last, and every way to call them wrong."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch

from course_lib.data.english import ENGLISH
from course_lib.data.grammar import Grammar
from course_lib.in_both.config import GPTConfig
from course_lib.in_torch import train as training
from course_lib.in_torch import train_command, train_options
from course_lib.in_torch.gpt import GPT
from course_lib.in_torch.train import main
from course_lib.in_torch.write import load_run, text_of, write
from course_lib.in_torch.write import main as write_main
from course_lib.runs import Recipe
from course_lib.tokenization import BytePairTokenizer

ROOT = Path(__file__).parents[2]
SIZES = "--device cpu --C 24 --D 8 --H 2 --L 1 --B 8"
QUIET = f"{SIZES} --quiet --steps 4 --warmup 1 --check-every 2 --save-every 2".split(" ")
LOUD = [word for word in QUIET if word != "--quiet"]


def spanish(characters):
    """Sentences of a few words that agree in gender and number, with every letter that Spanish adds."""
    rng = np.random.default_rng(0)
    people = ["El niño", "La niña", "Los pingüinos", "Las señoras", "Mi corazón", "El camión"]
    acts = ["soñaba", "cantó", "volverá", "están", "vivió"]
    places = ["en la montaña", "bajo el árbol", "con su cigüeña", "después de la lluvia", "sin ningún miedo"]
    ends = [". ", ". ", "? ¡Sí! ", ", y calló.\n", "… «Ojalá», dijo.\n\n"]
    text = ""
    while len(text) < characters:
        text += " ".join(rng.choice(part) for part in (people, acts, places)) + rng.choice(ends)
    return text[:characters]


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "mío.txt"
    path.write_text(spanish(6000), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def trained(text, tmp_path_factory):
    """The folder of a finished run on the Spanish text."""
    folder = tmp_path_factory.mktemp("trained")
    assert main([*QUIET, "--text", text, "--vocabulary", "300", "--folder", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def small_english():
    """The command line's corpus, smaller."""
    streams = pytest.MonkeyPatch()
    stream = Grammar.stream
    streams.setattr(Grammar, "stream", lambda self, tokens, seed: stream(self, min(tokens, 2000), seed))
    yield
    streams.undo()


def program(name, *words, encoding=None, **settings):
    """The finished process of `python -m course_lib.in_torch.<name>`, its output as bytes."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUTF8"}
    environment |= {"OMP_NUM_THREADS": "1"} | ({"PYTHONIOENCODING": encoding} if encoding else {})
    command = [sys.executable, "-m", f"course_lib.in_torch.{name}", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False, **settings)


def stems(folder):
    return sorted(path.name for path in Path(folder).iterdir())


def refused(capsys, *words, program=main):
    """What a call that ends at once says: one sentence on stderr, and nothing of Python's."""
    try:
        code = program([str(word) for word in words])
    except SystemExit as stop:
        code = stop.code
    error = capsys.readouterr().err
    assert code not in (0, None) and error.count("\n") == 1 and "Traceback" not in error, error
    name = "write" if program is write_main else "train"
    assert re.match(rf"{name}: (?!{name}:)", error), error
    return error


# --- One's own text, from the first line to the last --------------------------------------------


def readme(command):
    """The words of the README's call of a program, without `python -m`."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return shlex.split(re.search(rf"`python -m course_lib\.in_torch\.{command} ([^`]*)`", text)[1])


def test_the_readme_from_text_to_writing(tmp_path, monkeypatch, capsys):
    """A Spanish text of 200 KB, by the README's own lines, with a smaller model: stopped, resumed, finished, writing."""
    monkeypatch.chdir(tmp_path)
    begin, go_on = readme("train"), "--resume"
    Path(begin[begin.index("--text") + 1]).write_text(spanish(200_000), encoding="utf-8")
    begin += [*SIZES.split(), "--steps", "12", "--save-every", "4", "--check-every", "6"]
    step = training.AdamW.step

    def ctrl_c(optimizer):
        if optimizer.t == 5:
            raise KeyboardInterrupt
        step(optimizer)

    monkeypatch.setattr(training.AdamW, "step", ctrl_c)
    assert main(begin) == 130
    error = capsys.readouterr().err
    assert "the last good checkpoint is step_000004" in error and f"{go_on} goes on from there" in error
    monkeypatch.setattr(training.AdamW, "step", step)
    assert main([*begin, go_on]) == 0
    output = capsys.readouterr().out
    assert "4/12" in output and "12/12" in output
    told = re.search(r"^let it write: python -m course_lib\.in_torch\.write (.*)$", output, re.MULTILINE)[1]
    assert shlex.split(told) == readme("write")[:2]
    assert write_main(readme("write")) == 0
    output = capsys.readouterr().out
    assert output.startswith(readme("write")[-1]) and len(output) > 100


# utf-8 is what all other runs here print in
@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_no_encoding_of_the_output_ends_a_run(encoding, text, tmp_path):
    folder = tmp_path / "años"
    words = ["--text", text, "--vocabulary", 300, "--folder", folder]
    trained = program("train", *LOUD, *words, encoding=encoding)
    assert trained.returncode == 0 and trained.stderr == b"", trained.stderr
    output = trained.stdout.decode(encoding)
    assert "step 4: held-out loss" in output and "4/4" in output
    written = program("write", "--folder", folder, "--prompt", "ñ→", "--tokens", 40, encoding=encoding)
    assert written.returncode == 0 and written.stderr == b"", written.stderr
    assert written.stdout.decode(encoding).startswith(
        "ñ→".encode(encoding, "backslashreplace").decode(encoding)
    )
    wrong = program("write", "--folder", tmp_path / "año→", encoding=encoding)
    assert wrong.returncode == 1 and wrong.stderr.startswith(b"write: --folder: there is no checkpoint in")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to answer")
@pytest.mark.parametrize("number, save_every", product([signal.SIGINT, signal.SIGTERM], [1, 10**6]))
def test_a_signal_at_any_time_tells_what_is_there(number, save_every, text, tmp_path):
    words = [*SIZES.split(), "--quiet", "--steps", 10**6, "--check-every", 1, "--save-every", save_every]
    command = [
        sys.executable,
        "-m",
        "course_lib.in_torch.train",
        *map(str, words),
        "--text",
        text,
        "--folder",
        tmp_path,
    ]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as run:
        assert next(run.stdout) == "train: loading PyTorch\n"  # before PyTorch is there
        assert next(run.stdout).startswith(f"reading {text}")
        while not next(run.stdout).startswith("step 2: held-out loss"):
            pass
        run.send_signal(number)
        error = run.communicate()[1]
    assert run.returncode == 128 + number and "Traceback" not in error
    assert BytePairTokenizer.load(tmp_path / "tokenizer.tiktoken").vocabulary_size > 256
    if save_every == 1:
        assert re.search(
            r"^train: stopped; the last good checkpoint is step_0\d+ in .*, --resume goes on from there; ",
            error,
            re.MULTILINE,
        )
        assert load_run(tmp_path)
    else:
        assert stems(tmp_path) == ["tokenizer.tiktoken", "tokenizer.tiktoken.json"]
        assert (
            "train: stopped; there is the tokenizer alone, as the first checkpoint comes at step 1,000,000"
            in error
        )


@pytest.mark.skipif(sys.platform == "win32", reason="no pipe breaks so on Windows")
def test_output_that_nobody_reads_any_more(text, trained, tmp_path):
    for name, words in (
        ("train", [*LOUD, "--text", text, "--folder", tmp_path]),
        ("write", ["--folder", trained, "--tokens", 10**6]),
    ):
        command = [sys.executable, "-m", f"course_lib.in_torch.{name}", *map(str, words)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
            run.stdout.readline() if name == "train" else run.stdout.read(10)
            run.stdout.close()
            error = run.stderr.read().decode()
        assert "Traceback" not in error and "Exception" not in error
        assert ("train: stopped, as nobody reads its output any more; " in error) == (name == "train")


def test_what_a_run_tells(small_english, tmp_path, capsys):
    assert main([*QUIET, "--folder", str(tmp_path)]) == 0
    output = capsys.readouterr().out
    unigram, bigram = Grammar(ENGLISH).floors(1)
    assert f"floors in nats: unigram {unigram:.4f}, bigram {bigram:.4f}, the grammar here " in output
    assert "step 2: held-out loss" in output and "% above the grammar" in output
    assert f"saving in {tmp_path} every 2 steps" in output and f"saved in {tmp_path} as step_000004" in output
    assert f"let it write: python -m course_lib.in_torch.write --folder {tmp_path}\n" in output
    assert refused(capsys, *QUIET, "--folder", tmp_path) == (
        f"train: {tmp_path} holds checkpoints of a run: resume it, or name another folder\n"
    )
    assert (
        write_main(["--folder", str(tmp_path), "--prompt", "the dog", "--tokens", "20", "--temperature", "0"])
        == 0
    )
    assert capsys.readouterr().out.startswith("the dog ")


def test_a_finished_run_says_so_before_anything_is_read(text, trained, capsys, monkeypatch):
    monkeypatch.setattr(train_command, "TextFile", lambda *_: pytest.fail("the text was read"))
    words = [*QUIET, "--text", text, "--vocabulary", "300", "--folder", str(trained), "--resume"]
    assert main(words) == 0
    assert (
        f"the run in {trained} is finished, all of its 4 steps are done\nlet it write: "
        in capsys.readouterr().out
    )
    error = refused(capsys, *words, "--steps", 9)
    assert "its steps is 4, this run's is 9: the learning rate falls to 0 over all steps" in error
    assert "--resume" in error and "name another --folder" in error
    assert "its D is 8, this run's is 12" in refused(capsys, *words, "--D", 12)


def test_another_text_does_not_touch_what_is_there(text, trained, tmp_path, capsys):
    folder, other = tmp_path / "run", tmp_path / "other.txt"
    shutil.copytree(trained, folder)
    (folder / "step_000004.json").unlink()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    other.write_text("Otra cosa. " * 900, encoding="utf-8")
    words = [*QUIET, "--vocabulary", "300", "--folder", folder, "--resume", "--text"]
    assert "is of another run: its V is" in refused(capsys, *words, other)
    other.write_text(spanish(6001), encoding="utf-8")
    assert "is of another run: its text is" in refused(capsys, *words, other)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_the_bars_go_to_stdout(text, tmp_path, capsys):
    assert main([*LOUD, "--text", text, "--folder", str(tmp_path)]) == 0
    output = capsys.readouterr()
    assert "4/4" in output.out and "looking at the held-out text" in output.out and output.err == ""


def test_a_sampled_look_is_told(text, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(train_command, "LOOK", 48)
    assert main([*QUIET, "--text", text, "--folder", str(tmp_path)]) == 0
    assert "each look at the held-out text takes 2 of its windows, always the same" in capsys.readouterr().out


@pytest.mark.parametrize("words", ["--C 1", "--steps 1 --warmup 0", "--B 1", "--accumulate 8", "--lr 0"])
def test_extremes_that_work(words, text, tmp_path):
    few = [*QUIET, "--text", text, "--folder", str(tmp_path)]
    assert main([*few, *words.split()]) == 0
    assert write_main(["--folder", str(tmp_path), "--tokens", "30"]) == 0


def test_few_steps_have_a_shorter_warm_up(text, tmp_path):
    assert main([*f"{SIZES} --quiet --steps 3 --folder {tmp_path} --text".split(), text]) == 0
    assert json.loads((tmp_path / "step_000003.json").read_bytes())["recipe"]["warmup"] == 1


def test_help_names_every_setting(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    output = capsys.readouterr().out
    for name in Recipe.__dataclass_fields__:
        assert f"--{name.replace('_', '-')}" in output


@pytest.mark.skipif(sys.platform == "win32", reason="torchrun starts no gloo group on Windows")
def test_two_processes_are_one(text, tmp_path):
    words = [*QUIET, "--text", text, "--folder"]
    assert main([*words, str(tmp_path / "one")]) == 0
    torchrun = (
        "-m torch.distributed.run --standalone --nproc-per-node 2 -m course_lib.in_torch.train --accumulate 2"
    )
    two = subprocess.run(
        [sys.executable, *torchrun.split(), *words, tmp_path / "two"],
        cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert two.returncode == 0, two.stderr
    one, other = (
        json.loads((tmp_path / n / "step_000004.json").read_bytes())["history"] for n in ("one", "two")
    )
    for what in ("loss", "held_out"):
        np.testing.assert_allclose(other[what], one[what], rtol=1e-5, err_msg=what)
    assert two.stdout.count("step 4: held-out loss") == 1  # one of the two speaks


# --- Called wrong: one sentence, at once --------------------------------------------------------

ABSURD = ["-1", "-0.5", "nan", "inf", "1e400", "many", "", "1.5", "0x10", "9" * 5000]
FRACTIONS = ("std", "lr", "beta1", "beta2", "weight_decay", "max_norm")


@pytest.mark.parametrize("option", train_options.OPTIONS)
def test_absurd_numbers_are_refused_by_name(option, capsys, tmp_path):
    option_name = "--" + option.replace("_", "-")
    fine = {"1.5"} if option in ("std", "lr", "weight_decay", "max_norm") else set()
    refused_values = [value for value in ABSURD if value not in fine]
    if option not in ("warmup", "seed", "lr", "beta1", "beta2", "weight_decay"):
        refused_values.append("0")
    for value in refused_values:
        error = refused(capsys, *QUIET, "--folder", tmp_path / "run", option_name, value)
        assert error.startswith(f"train: {option_name}: must be a "), error
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "words, sentence",
    [
        (["--folder", ""], "--folder: must not be empty"),
        (["--text", ""], "--text: must not be empty"),
        (["--text", "no such file"], "--text: no such file cannot be opened: No such file or directory"),
        (["--text", "/"], "--text: / cannot be opened: "),
        (["--vocabulary", "300"], "--vocabulary: goes with --text alone"),
        (["--vocabulary", "10"], "--vocabulary: must be a whole number from 256 to 1000000, got '10'"),
        (["--device", "tpu"], "--device tpu cannot be used here; --device cpu always can"),
        (["--device", ""], "--device: must not be empty"),
        (["--device", "meta"], "--device meta cannot be used here"),
        (["--device", "cuda:99"], "--device cuda:99 cannot be used here"),
        (["--resume"], "--resume: there is no checkpoint in "),
        (["--steps", "5", "--warmup", "5"], "--warmup: must be below --steps 5, got 5"),
        (["--D", "9", "--H", "2"], "--H: 2 heads cannot share --D 9 equally"),
        (["--accumulate", "3"], "--accumulate: --B 8 windows cannot be cut into 3 equal parts"),
        (["--D", "1000000"], "make --D, --L, --C or --B smaller"),
        (["--L", "1000000", "--D", "256"], "make --D, --L, --C or --B smaller"),
        (["--B", "1000000", "--C", "10000", "--accumulate", "1"], "make --D, --L, --C or --B smaller"),
        (
            ["--text", str(ROOT / "README.md"), "--vocabulary", "1000000", "--B", "1000000"],
            "make --vocabulary, --D, ",
        ),
        (["--C", "20000"], "--C: must be below the 20,000 tokens that test"),
        (["--seed", str(2**63)], "--seed: must be a whole number from 0 to"),
        (["--C", "1000001"], "--C: must be a whole number from 1 to 1000000"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
    ],
)
def test_wrong_calls_end_in_one_sentence(words, sentence, capsys, tmp_path):
    assert sentence in refused(capsys, *QUIET, "--folder", tmp_path / "run", *words)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("D", [9, "8", None])  # H = 2 heads cannot share 9
def test_a_checkpoint_whose_sizes_are_those_of_no_gpt(D, trained, tmp_path, capsys):
    shutil.copytree(trained, tmp_path / "run")
    path = tmp_path / "run" / "step_000004.json"
    facts = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(facts | {"sizes": facts["sizes"] | {"D": D}}), encoding="utf-8")
    assert write_main(["--folder", str(tmp_path / "run")]) == 1
    error = capsys.readouterr().err
    assert f"write: step 4 in {tmp_path / 'run'} is of no GPT: " in error and error.count("\n") == 1


def test_logits_their_logarithms_and_a_gradient_must_fit(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(train_options.os, "sysconf", lambda _: 2**15, raising=False)  # a machine of 1 GiB
    words = [*QUIET, "--folder", tmp_path / "run", "--B", 10_000]  # 0.46 GiB of logits
    assert "make --D, --L, --C or --B smaller" in refused(capsys, *words)


def test_memory_that_pytorch_does_not_get(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(train_command, "_run", lambda *_: torch.empty(10**15))
    assert "there is not enough memory; make " in refused(capsys, *QUIET, "--folder", tmp_path / "run")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_no_text_and_is_not_waited_for(capsys, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    error = refused(capsys, *QUIET, "--folder", tmp_path / "run", "--text", tmp_path / "pipe")
    assert "it is no ordinary file" in error


def test_a_device_that_is_not_there(capsys, tmp_path):
    for device in ("cuda", "mps", "xpu"):
        if not getattr(torch, device).is_available():
            assert f"--device {device} cannot be used here" in refused(
                capsys, *QUIET, "--folder", tmp_path / "run", "--device", device
            )


def test_folders_that_cannot_be_written_to(text, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(train_command, "TextFile", lambda *_: pytest.fail("the text was read"))
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "run", tmp_path / ("x" * 300)):
        error = refused(capsys, *QUIET, "--text", text, "--folder", folder)
        assert (
            error.startswith(f"train: --folder: nothing can be saved in {folder}: ")
            and "name another" in error
        )


@pytest.mark.skipif(not shutil.which("bwrap"), reason="Bubblewrap shows a folder that may only be read")
@pytest.mark.parametrize("begun", [False, True])
def test_a_read_only_folder(begun, text, trained, tmp_path):
    words = [*QUIET, "--text", text, "--vocabulary", 300]
    if begun:
        shutil.copytree(trained, tmp_path / "run")
        (tmp_path / "run" / "step_000004.json").unlink()
        words.append("--resume")
    mount = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", tmp_path, tmp_path]
    if subprocess.run([*mount, "true"], check=False, capture_output=True).returncode:
        pytest.skip("Bubblewrap may not be used here")
    command = [
        *mount,
        sys.executable,
        "-m",
        "course_lib.in_torch.train",
        *words,
        "--folder",
        tmp_path / "run",
    ]
    run = subprocess.run([*map(str, command)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 1 and "nothing can be saved in" in run.stderr and run.stderr.count("\n") == 1
    assert "step" not in run.stdout and "reading" not in run.stdout


def test_texts_that_are_too_short_or_no_text(tmp_path, capsys):
    own = tmp_path / "own.txt"
    words = [*QUIET, "--folder", tmp_path / "run", "--text", own]
    own.write_text("short", encoding="utf-8")
    assert refused(capsys, *words) == (
        f"train: --text: {own} is too short: the part to learn from has 1 token, a window of --C 24 needs 25; "
        "take a longer text or a smaller --C\n"
    )
    own.write_text("Čaj. " * 40, encoding="utf-8")  # 240 bytes
    error = refused(capsys, *words, "--vocabulary", 256)
    assert (
        "is too short: its last tenth, to test on, has 24 tokens, a window of --C 24 needs 25; take a"
        in error
    )
    own.write_bytes(b"\xff")
    assert (
        refused(capsys, *words)
        == f"train: --text: {own} is not UTF-8: byte 0xff at place 0; save it as UTF-8\n"
    )
    own.write_bytes(b" \n")
    assert refused(capsys, *words) == f"train: --text: {own} has no text in it\n"
    assert stems(tmp_path / "run") == []


def test_a_rate_that_is_far_too_high(text, tmp_path, capsys):
    error = refused(capsys, *QUIET, "--text", text, "--folder", tmp_path, "--std", 1e30)
    assert error.startswith("train: step 1: ") and error.endswith("; a smaller --lr or --std may help\n")


def test_ctrl_c_while_the_text_is_read(text, tmp_path, capsys, monkeypatch):
    def stopped(*words):
        raise KeyboardInterrupt

    monkeypatch.setattr(train_command, "TextFile", stopped)
    assert main([*QUIET, "--text", text, "--folder", str(tmp_path)]) == 130
    assert (
        "train: stopped; nothing was saved, as the first checkpoint comes at step 2"
        in capsys.readouterr().err
    )


# --- Writing -------------------------------------------------------------------------------------


def test_writing_is_generating_until_the_context_is_full():
    model = GPT(GPTConfig(V=11, C=12, D=8, H=2, L=2), torch.Generator().manual_seed(0), std=0.5)
    one, other = (torch.Generator().manual_seed(1) for _ in range(2))
    settings = {"temperature": 0.7, "top_k": 5, "top_p": 0.9}
    expected = model.generate([1, 2], 10, generator=one, **settings).tolist()
    assert [1, 2, *write(model, [1, 2], 10, generator=other, **settings)] == expected
    whole = model.generate([1, 2], 10, greedy=True)
    assert [1, 2, *write(model, [1, 2], 10, temperature=0)] == whole.tolist()


@pytest.mark.parametrize("C", [1, 2, 5])
def test_writing_goes_on_beyond_the_context(C):
    model = GPT(GPTConfig(V=11, C=C, D=8, H=2, L=1), torch.Generator().manual_seed(0), std=0.5)
    text = list(range(7))
    text += write(model, text, 20, temperature=0)
    assert len(text) == 27
    seen = C  # tokens that the model has seen when it chooses
    for t in range(7, 27):
        assert text[t] == model([text[t - seen : t]])[0, -1].argmax()
        seen = seen + 1 if seen < C else max(C // 2, 1)


def test_half_a_character_waits_for_its_other_half():
    tokenizer = BytePairTokenizer.train("x", 256)
    assert list(text_of(tokenizer, [97, 195, 177, 195])) == ["a", "", "ñ", "", "\ufffd"]
    grammar = Grammar(ENGLISH)
    ids = grammar.encode("the dog <end> the")
    assert "".join(text_of(grammar, ids)) == "the dog \nthe "


def test_one_seed_one_text(trained, capsys):
    def written(*words):
        assert write_main(["--folder", str(trained), "--tokens", "50", *words]) == 0
        return capsys.readouterr().out

    assert written() == written("--seed", "0") != written("--seed", "1")
    assert written("--temperature", "0", "--seed", "3") == written("--top-k", "1", "--seed", "4")
    assert written("--top-p", "0.001") == written("--temperature", "0")
    assert written("--prompt", "El niño").startswith("El niño")
    assert written("--prompt", "El niño " * 50).startswith("El niño " * 50)
    assert written("--prompt", "日本 \ud800").startswith("日本 ")


@pytest.mark.parametrize(
    "words, sentence",
    [
        (["--folder", ""], "--folder: must not be empty"),
        (["--folder", "no such folder"], "--folder: there is no checkpoint in no such folder; "),
        (["--prompt", ""], "--prompt: must not be empty"),
        (["--tokens", "0"], "--tokens: must be a whole number of at least 1, got '0'"),
        (["--temperature", "-1"], "--temperature: must be a number of at least 0, got '-1'"),
        (["--temperature", "nan"], "--temperature: must be a number of at least 0, got 'nan'"),
        (["--top-k", "0"], "--top-k: must be a whole number of at least 1"),
        (["--top-k", "1000"], "--top-k: the model has 300 tokens to choose from, got 1000"),
        (["--top-p", "1.5"], "--top-p: must be a number above 0 and at most 1, got '1.5'"),
        (["--top-p", "nan"], "--top-p: must be a number above 0 and at most 1, got 'nan'"),
        (["--seed", "-1"], "--seed: must be a whole number from 0 to"),
        (["--device", "tpu"], "--device tpu cannot be used here"),
        (["what"], "unrecognized arguments: what"),
    ],
)
def test_wrong_calls_of_write(words, sentence, trained, capsys):
    assert sentence in refused(capsys, "--folder", trained, *words, program=write_main)


def test_a_word_that_the_grammar_lacks(small_english, tmp_path, capsys):
    assert main([*QUIET, "--folder", str(tmp_path)]) == 0
    capsys.readouterr()
    error = refused(capsys, "--folder", tmp_path, "--prompt", "the zebra", program=write_main)
    assert "--prompt: Grammar: 'zebra' is not one of its" in error


def test_a_folder_with_something_missing_or_damaged(trained, tmp_path, capsys):
    folder = tmp_path / "run"
    shutil.copytree(trained, folder)
    tokenizer = (folder / "tokenizer.tiktoken").read_bytes()
    (folder / "tokenizer.tiktoken").write_bytes(tokenizer[:-9])
    assert "tokenizer.tiktoken: not what save wrote" in refused(
        capsys, "--folder", folder, program=write_main
    )
    (folder / "tokenizer.tiktoken").unlink()
    assert "tokenizer.tiktoken is missing" in refused(capsys, "--folder", folder, program=write_main)
    BytePairTokenizer.train("another", 260).save(folder / "tokenizer.tiktoken")
    assert "has 260 tokens, the model 300: it is of another run" in refused(
        capsys, "--folder", folder, program=write_main
    )
    (folder / "step_000004.safetensors").write_bytes(b"cut")
    assert "step_000004 in" in refused(capsys, "--folder", folder, program=write_main)
    for path in folder.glob("step_*"):
        path.unlink()
    assert "there is no checkpoint in" in refused(capsys, "--folder", folder, program=write_main)
