"""Both GPTs against the GPT-2 of Hugging Face's `transformers`, with random weights read from its own files."""

import json

import numpy as np
import pytest
import safetensors.torch
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from course_lib.in_numpy.checkpoints import load_gpt2 as load_numpy
from course_lib.in_numpy.losses import cross_entropy, cross_entropy_backward
from course_lib.in_torch.checkpoints import load_gpt2 as load_torch
from course_lib.shapes import ShapeError

LOADERS = pytest.mark.parametrize("load", [load_numpy, load_torch])
V, C, D, H, L = 53, 24, 20, 4, 3


@pytest.fixture(scope="module")
def theirs():
    torch.manual_seed(0)
    sizes = {"vocab_size": V, "n_positions": C, "n_embd": D, "n_head": H, "n_layer": L}
    model = GPT2LMHeadModel(
        GPT2Config(**sizes, attn_implementation="eager", bos_token_id=0, eos_token_id=0)
    ).eval()
    for name, p in model.named_parameters():
        # large enough for attention to choose and for every bias and scale to show
        # (and positions large enough for greedy texts not to repeat one token)
        torch.nn.init.normal_(p, float("ln_" in name and "weight" in name), 1.0 if "wpe" in name else 0.2)
    return model


@pytest.fixture
def folder(theirs, tmp_path):
    theirs.save_pretrained(tmp_path)
    return tmp_path


@pytest.fixture
def ids():
    return np.random.default_rng(0).integers(V, size=(5, 17))


def numbers(x):
    return x.detach().numpy() if isinstance(x, torch.Tensor) else x


@LOADERS
def test_logits_and_attention(load, theirs, folder, ids):
    model = load(folder)
    with torch.no_grad():
        expected = theirs(torch.from_numpy(ids), output_attentions=True)
    assert expected.logits.std() > 0.5
    np.testing.assert_allclose(numbers(model(ids)), expected.logits.numpy(), rtol=0, atol=1e-5)
    for block, weights in zip(model.h, expected.attentions, strict=True):
        np.testing.assert_allclose(numbers(block.attn.weights), weights.numpy(), rtol=0, atol=1e-6)


def test_loss_and_every_gradient(theirs, folder, ids):
    theirs.zero_grad()
    loss = theirs(torch.from_numpy(ids), labels=torch.from_numpy(ids)).loss
    loss.backward()
    expected = {name.removeprefix("transformer."): p.grad.numpy() for name, p in theirs.named_parameters()}

    ours = load_numpy(folder)
    logits = ours(ids[:, :-1])
    np.testing.assert_allclose(cross_entropy(logits, ids[:, 1:]), loss.item(), rtol=1e-5)
    ours.backward(cross_entropy_backward(logits, ids[:, 1:]))

    torchs = load_torch(folder)
    torch.nn.functional.cross_entropy(
        torchs(ids[:, :-1]).flatten(0, 1), torch.from_numpy(ids[:, 1:]).flatten()
    ).backward()
    theirs_by_name = {name: p.grad.numpy() for name, p in torchs.named_parameters()}
    assert list(ours.gradients()) == list(theirs_by_name) == list(expected)
    for name, grad in expected.items():
        for gradients in (ours.gradients(), theirs_by_name):
            np.testing.assert_allclose(
                gradients[name], grad, rtol=1e-4, atol=1e-5 * np.abs(grad).max(), err_msg=name
            )


@pytest.fixture(scope="module")
def greedy(theirs):
    """Eight texts as long as the context, whose first three tokens are the prompt."""
    prompt = torch.from_numpy(np.random.default_rng(0).integers(V, size=(8, 3)))
    settings = {"do_sample": False, "eos_token_id": None, "pad_token_id": 0}
    texts = theirs.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=C - 3, **settings)
    assert texts.shape == (8, C) and len(set(texts[:, 3:].flatten().tolist())) > 10, (
        "hardly any variety to compare"
    )
    return texts.numpy()


@LOADERS
@pytest.mark.parametrize("use_cache", [True, False])
def test_greedy_generation_is_identical(load, use_cache, folder, greedy):
    text = load(folder).generate(greedy[:, :3], C - 3, greedy=True, use_cache=use_cache)
    np.testing.assert_array_equal(numbers(text), greedy)


@LOADERS
def test_older_files_with_masks_and_an_output_matrix(load, theirs, folder, ids):
    file = folder / "model.safetensors"
    expected = numbers(load(folder)(ids))
    state = {name.removeprefix("transformer."): a for name, a in safetensors.torch.load_file(file).items()}
    state |= {f"h.{i}.attn.bias": torch.ones(1, 1, C, C).tril().bool() for i in range(L)}
    state |= {f"h.{i}.attn.masked_bias": torch.tensor(-1e4) for i in range(L)}
    safetensors.torch.save_file(state | {"lm_head.weight": state["wte.weight"].clone()}, file)
    np.testing.assert_array_equal(numbers(load(folder)(ids)), expected)
    safetensors.torch.save_file(state | {"lm_head.weight": 2 * state["wte.weight"]}, file)
    with pytest.raises(ValueError, match="lm_head.weight is not wte.weight"):
        load(folder)


@LOADERS
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_number_types(load, dtype, folder):
    file = folder / "model.safetensors"
    state = {name: a.to(dtype) for name, a in safetensors.torch.load_file(file).items()}
    safetensors.torch.save_file(state, file)
    model = load(folder)
    for name, a in model.state_dict().items():
        assert str(a.dtype).endswith("float32")
        np.testing.assert_array_equal(numbers(a), state["transformer." + name].float().numpy())


@LOADERS
def test_every_tensor_that_does_not_fit_is_named(load, folder):
    file = folder / "model.safetensors"
    state = safetensors.torch.load_file(file)
    del state["transformer.h.1.ln_2.bias"]
    state["transformer.h.3.ln_1.bias"] = torch.zeros(D)
    state["transformer.h.0.attn.c_attn.weight"] = torch.zeros(3 * D, D)
    safetensors.torch.save_file(state, file)
    with pytest.raises(ShapeError) as error:
        load(folder)
    assert str(error.value) == (
        "load_gpt2: nothing loaded: missing h.1.ln_2.bias (20,); unexpected h.3.ln_1.bias (20,); "
        "h.0.attn.c_attn.weight has shape (60, 20), expected (20, 60)"
    )


@LOADERS
@pytest.mark.parametrize(
    "change, words",
    [
        ({"n_head": 3}, "GPTConfig: D = 20 cannot be shared equally by H = 3 heads"),
        ({"n_embd": 24}, r"wte.weight has shape \(53, 20\), expected \(53, 24\)"),
        ({"n_layer": 2}, "unexpected h.2.ln_1.weight"),
        ({"n_layer": 10**9}, "config.json asks for 1000000000 blocks, the file has 40 tensors"),
        ({"n_layer": "3"}, "GPTConfig: L must be a whole number of at least 1, got '3'"),
        ({"n_inner": 81}, r"c_fc.weight has shape \(20, 80\), expected \(20, 81\)"),
        ({"layer_norm_epsilon": "small"}, "GPTConfig: eps must be a number above 0, got 'small'"),
        ({"activation_function": "relu"}, "activation_function is 'relu', the course's GPT has 'gelu_new'"),
        ({"tie_word_embeddings": False}, "tie_word_embeddings is False, the course's GPT has True"),
        ({"model_type": "llama"}, "not the configuration of a GPT-2"),
    ],
)  # fmt: skip
def test_a_configuration_that_does_not_fit(load, change, words, folder):
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(ValueError, match=words):
        load(folder)


@LOADERS
@pytest.mark.parametrize(
    "text, words", [("{", "config.json: not JSON"), ("[]", "not the configuration"), ('{"model_type": "gpt2", "n_embd": 4}', "vocab_size, n_positions, n_head, n_layer missing")]
)  # fmt: skip
def test_a_configuration_that_is_none(load, text, words, folder):
    (folder / "config.json").write_text(text)
    with pytest.raises(ValueError, match=words):
        load(folder)
