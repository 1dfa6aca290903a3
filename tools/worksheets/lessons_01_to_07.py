"""The sheets of lessons 01_tokenization to 07_feed_forward. Each takes a random generator, so that every class can have numbers of its own."""

import numpy as np

from course_lib import one_page as gpt

from .sheet import Sheet, Step, Table

TEXTS = ["banana bandana", "papa papaya", "cocoa coco", "lull lullaby", "tartar tartan", "murmur murmurs"]


def unlike(rng, low, high, shape):
    """Whole numbers from low to high, drawn until no row is zero, none like another, and no column is zero."""
    while True:
        x = rng.integers(low, high + 1, shape)
        if len(np.unique(x, axis=0)) == len(x) and x.any(axis=-1).all() and x.any(axis=0).all():
            return x


def tokenization(rng):
    """Pairs are counted and merged, twice, and another word is encoded."""
    text = str(rng.choice(TEXTS))
    word = text.split()[1]
    ids, steps = list(text.encode()), []
    letters = {id: chr(id).replace(" ", "␣") for id in ids}
    merges = gpt.train_bpe(text, 3)
    for turn, (pair, new) in enumerate(merges.items(), start=1):
        counts = sorted(gpt.count_pairs(ids).items(), key=lambda item: (-item[1], item[0]))
        some = counts[: min(6, len(counts))]
        names = tuple(letters[a] + letters[b] for (a, b), _ in some)
        merged = gpt.merge_pair(ids, pair, new)
        letters[new] = letters[pair[0]] + letters[pair[1]]
        steps.append(
            Step(
                f"Turn {turn}. Count how often each of these pairs stands side by side; the most frequent is merged, of equal "
                f"ones the first in this list. Write the text anew, one token a box, with <b>{letters[new]}</b> as one token.",
                [
                    Table("pairs", [count for _, count in some], True, columns=names),
                    Table("the text now", [letters[id] for id in merged], True),
                ],
            )
        )
        ids = merged
    encoded = gpt.encode(word, merges)
    return Sheet("01_tokenization", "A tokenizer in three merges", [
        Step(f"The text is <b>{text}</b> (␣ is the space). At first every letter is a token.",
             [Table("tokens at the beginning", len(text), True)]),
        *steps,
        Step(f"Encode <b>{word}</b> alone with your three merges, in the order in which they were made.",
             [Table("its tokens", [letters[id] for id in encoded], True), Table("how many", len(encoded), True)]),
    ])  # fmt: skip


def embeddings(rng):
    """A row is picked, two are compared, and a gradient comes back to its rows."""
    W_E = unlike(rng, -3, 3, (4, 3)).astype(float)
    ids = np.array([2, 0, 2])
    one_hot = np.eye(4, dtype=int)[2]
    grad = unlike(rng, -2, 2, (3, 3)).astype(float)
    a, b = W_E[0], W_E[1]
    return Sheet("02_embeddings", "Rows that are picked, compared and taught", [
        Step("W<sub>E</sub> has a row for each of the tokens 0 to 3. Multiply the one-hot row of token 2 by it.",
             [Table("W<sub>E</sub>", W_E, digits=0, rows=(0, 1, 2, 3)), Table("one-hot", one_hot),
              Table("one-hot · W<sub>E</sub>", gpt.embed(W_E, 2), True, 0)]),
        Step("Dot product, lengths and cosine of rows 0 and 1.",
             [Table("row 0 · row 1", a @ b, True, 0), Table("length of row 0", np.sqrt(a @ a), True),
              Table("length of row 1", np.sqrt(b @ b), True), Table("cosine", gpt.cosine(a, b), True)]),
        Step("A model's output row is h = row 2. Its logits are h · W<sub>E</sub><sup>T</sup>, one for each token.",
             [Table("logits", gpt.unembed(W_E[2], W_E), True, 0, columns=(0, 1, 2, 3))]),
        Step("The text was 2, 0, 2, and the gradient that comes back has a row for each place. Add up what each row of "
             "W<sub>E</sub> collects.",
             [Table("gradient, by place", grad, digits=0, rows=("2", "0", "2")),
              Table("gradient of W<sub>E</sub>", gpt.embed_backward(grad, ids, 4), True, 0, rows=(0, 1, 2, 3))]),
    ])  # fmt: skip


def positions(rng):
    """Four columns of the position table, added to two embeddings."""
    table, x = gpt.position_table(4, 4), unlike(rng, -9, 9, (2, 4)) / 10
    placed, turned = (gpt.add_positions(rows, table, start=1) for rows in (x, x[::-1]))
    return Sheet("03_positional_encoding", "Where a word stands, as numbers", [
        Step("D = 4, so there are two pairs of columns. What is pos divided by in each pair, 10000<sup>2i/D</sup>?",
             [Table(f"i = {i}", 10000 ** (2 * i / 4), True, 0) for i in (0, 1)]),
        Step("Fill in the table: sine in the even columns, cosine in the odd ones; angles are in radians.",
             [Table("positions", table, True, 4, rows=("pos 0", "pos 1", "pos 2", "pos 3"), columns=("0", "1", "2", "3"))]),
        Step("Two words stand at the positions 1 and 2. Add.",
             [Table("x", x, digits=1), Table("x + table", placed, True, 4)]),
        Step("The same two words in the other order, still at 1 and 2. Is one of the rows among the two above?",
             [Table("x turned round + table", turned, True, 4)],
             "Yes." if any((row == one).all() for row in turned for one in placed)
             else "No: both are new, so the sum tells where a word stood."),
    ])  # fmt: skip


def attention(rng):
    """One head of width 2 over three tokens, from rows to one row of the output."""
    W_Q, W_K, W_V = np.array([[1.0, 0], [1, 1]]), np.array([[0.0, 1], [1, 0]]), np.array([[2.0, 0], [0, 1]])
    while True:  # until the last token looks at one more than at the others
        x = unlike(rng, -1, 2, (3, 2)).astype(float)
        q, k, v = x @ W_Q, x @ W_K, x @ W_V
        scores = q @ k.T
        if len({*scores[2]}) == 3 and np.ptp(scores[2]) <= 5:
            break
    output, weights = gpt.attention(q, k, v, gpt.causal_mask(3))
    scaled = scores[2] / np.sqrt(2)
    powers = np.exp(scaled - scaled.max())
    return Sheet("04_attention", "One head, number by number", [
        Step("Three tokens, a row each. Multiply for queries, keys and values.",
             [Table("x", x, digits=0), Table("W<sub>Q</sub>", W_Q, digits=0), Table("W<sub>K</sub>", W_K, digits=0),
              Table("W<sub>V</sub>", W_V, digits=0), Table("q", q, True, 0), Table("k", k, True, 0),
              Table("v", v, True, 0)]),
        Step("Scores: the dot product of query t (row) with key s (column). Strike out what a causal mask hides.",
             [Table("q · k<sup>T</sup>", scores, True, 0, struck=~gpt.causal_mask(3))]),
        Step("The last token. Divide its scores by √2, subtract the largest, take e to that power, divide by their sum.",
             [Table("scores / √2", scaled, True), Table("minus the largest", scaled - scaled.max(), True),
              Table("e to that power", powers, True, 3), Table("weights", weights[2], True, 3)]),
        Step("Its output: the values, weighted, added up. Which value does it take the most of?",
             [Table("output of the last token", output[2], True)],
             f"Of that of token {weights[2].argmax() + 1}, {weights[2].max():.3f} of it."),
        Step("And the first token: it sees itself alone.",
             [Table("weights", weights[0], True, 0), Table("output", output[0], True, 0)]),
    ])  # fmt: skip


def multi_head(rng):
    """Two heads are cut out of a matrix and laid side by side again; parameters are counted."""
    x = np.arange(1, 13).reshape(3, 4) + int(rng.integers(0, 5))
    D, H = int(rng.choice([8, 12, 16])), 4
    return Sheet("05_multi_head", "Heads are columns", [
        Step("T = 3 tokens of width D = 4. Cut them for H = 2 heads.",
             [Table("x", x), Table("head 0", gpt.split_heads(x, 2)[0], True), Table("head 1", gpt.split_heads(x, 2)[1], True)]),
        Step("Somebody writes <code>x.reshape(2, 3, 2)</code> and takes that for the heads. What does their head 0 hold?",
             [Table("their head 0", x.reshape(2, 3, 2)[0], True)]),
        Step(f"D = {D}, H = {H}, with biases. How wide is a head, and how many numbers are learnt in c_attn and in c_proj?",
             [Table("K", D // H, True), Table("c_attn", 3 * D * D + 3 * D, True), Table("c_proj", D * D + D, True)]),
        Step("Does another H change any of the last two?", [Table("with H = 2: c_attn", 3 * D * D + 3 * D, True)],
             "No: heads are columns, and another H cuts the same columns elsewhere."),
    ])  # fmt: skip


def layer_norm(rng):
    """Two rows are brought to one scale."""
    x = rng.choice(np.arange(9.0), 4, replace=False)
    mean, variance = x.mean(), x.var()
    weight, bias = np.array([1.0, 2.0, 1.0, 0.5]), np.array([0.0, 1.0, -1.0, 0.0])
    y = gpt.layer_norm(x, np.ones(4), np.zeros(4), eps=0.0)
    return Sheet("06_layer_norm", "One row, mean 0 and variance 1", [
        Step("One token. Take ε = 0.", [Table("x", x, digits=0), Table("mean", mean, True), Table("x − mean", x - mean, True)]),
        Step("The variance is the mean of the squares; divide by its root.",
             [Table("squares", (x - mean) ** 2, True), Table("variance", variance, True), Table("its root", np.sqrt(variance), True),
              Table("y", y, True)]),
        Step("Scale and shift.", [Table("weight", weight, digits=1), Table("bias", bias, digits=1),
                                  Table("weight · y + bias", weight * y + bias, True)]),
        Step("Every entry of x is multiplied by 10. What becomes of y?",
             [Table("y of 10x", gpt.layer_norm(10 * x, np.ones(4), np.zeros(4), eps=0.0), True)]),
        Step("Without a mean: divide x by the root of the mean of its squares (RMS norm).",
             [Table("root mean square", np.sqrt((x * x).mean()), True), Table("x / that", gpt.rms_norm(x, np.ones(4), 0.0), True)]),
    ])  # fmt: skip


def feed_forward(rng):
    """A network of two hidden neurons that computes XOR, and a token through a small network."""
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    W_1, b_1, W_2 = np.array([[1, 1], [1, 1]]), np.array([0, -1]), np.array([[1], [-2]])
    hidden = np.maximum(corners @ W_1 + b_1, 0)
    x, W, b = unlike(rng, -2, 3, (1, 2))[0], unlike(rng, -2, 2, (2, 3)), unlike(rng, -1, 1, (1, 3))[0]
    z = x @ W + b
    return Sheet("07_feed_forward", "Multiply, bend, multiply", [
        Step("A token through one layer: x · W + b, then ReLU (what is below 0 becomes 0).",
             [Table("x", x), Table("W", W), Table("b", b), Table("x · W + b", z, True), Table("ReLU", np.maximum(z, 0), True)]),
        Step("This network has two inputs, two hidden neurons and one output.",
             [Table("W<sub>1</sub>", W_1), Table("b<sub>1</sub>", b_1), Table("W<sub>2</sub>", W_2)]),
        Step("Put the four corners through it. What does it compute?",
             [Table("corners", corners), Table("hidden, after ReLU", hidden, True), Table("output", hidden @ W_2, True)],
             "XOR: 1 where the two inputs differ." if (hidden @ W_2 == corners.sum(1, keepdims=True) % 2).all() else "Not XOR."),
        Step("GELU in place of ReLU, as GPT-2 has it, ½x(1 + tanh(√(2/π)(x + 0.044715x³))):",
             [Table("GELU", gpt.gelu(np.array([-2.0, -1, 0, 1, 2])), True, 3, columns=("−2", "−1", "0", "1", "2"))]),
        Step("A block of width D = 4 has a hidden layer of 4D. How many numbers does its network learn?",
             [Table("c_fc", 4 * 16 + 16, True), Table("c_proj", 16 * 4 + 4, True)]),
    ])  # fmt: skip


SHEETS = [tokenization, embeddings, positions, attention, multi_head, layer_norm, feed_forward]
