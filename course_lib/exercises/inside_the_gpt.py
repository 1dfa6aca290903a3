"""The check for the exercise of lesson 11_inside_the_gpt."""

from . import exercise, expect, to_array


@exercise
def check_parameter_count(count):
    """`count(V, C, D, L)`: how many numbers a GPT of these sizes learns, F = 4D and the output shared with the input."""
    V, C, D = 11, 7, 5
    both, block, final = (V + C) * D, 12 * D * D + 13 * D, 2 * D
    bare = to_array(count(V, C, D, 0))
    expect(
        bare,
        both + final,
        "without any block there are the two tables of vectors and the last layer norm",
        [(both, "the layer norm after the last block is missing: a scale and a shift of width D"),
         (V * D + final, "the table of positions is missing: one vector for each of the C positions"),
         (2 * V * D + C * D + final, "the output matrix is the table of tokens once more: it adds nothing"),
         (both + D, "a layer norm has a scale and a shift, 2D numbers")],
    )  # fmt: skip
    answer = to_array(count(V, C, D, 1)) - bare
    expect(
        answer,
        block,
        "one block has an attention with four D×D matrices, a feed-forward network through 4D, and two layer norms",
        [(12 * D * D, "biases and layer norms are missing: 9D and 4D"),
         (12 * D * D + 9 * D, "the two layer norms of a block are missing"),
         (12 * D * D + 4 * D, "the biases are missing: 3D and D in attention, 4D and D in the network"),
         (11 * D * D + 12 * D, "attention has a fourth matrix, which mixes the heads' results"),
         (8 * D * D + 9 * D, "attention is missing, or the network: a block has 4D² and 8D² weights"),
         (6 * D * D + 10 * D, "the network is 4D wide inside, with two matrices of D × 4D"),
         (12 * D * D + 11 * D, "a block has two layer norms, each with a scale and a shift")],
    )  # fmt: skip
    expect(count(V, C, D, 5), both + final + 5 * block, "five blocks come out wrong: each has its own numbers",
           [(both + final + block, "the number of blocks has no effect"),
            (5 * (both + block) + final, "the tables stand once in a model, not in each block"),
            (both + 5 * (final + block), "the last layer norm stands once in a model")])  # fmt: skip
