"""The names of `course_lib.data.worked`, each with the claim of the ledger that prints its numbers."""

CLAIM_OF = {
    name: f"whitepaper.{id}"
    for name, id in {
        "X": "input.embeddings",
        "Y": "target.embeddings",
        "X_PLACED": "positions.input_sum",
        "Y_PLACED": "positions.target_sum",
        "W_Q": "attention.w_q",
        "W_K": "attention.w_k",
        "W_V": "attention.w_v",
        "LOGITS": "softmax.logits",
        "HEAD_2": "heads.head_2",
        "W_O": "heads.w_o",
        "GAMMA_BETA": "layer_norm.gamma_beta",
        "EPSILON": "layer_norm.epsilon",
        "W_1": "ffn.w_1",
        "B_1": "ffn.b_1",
        "W_2": "ffn.w_2",
        "B_2": "ffn.b_2",
        "ONE_HOT": "loss.one_hot",
        "TARGET": "loss.target",
        "GOOD": "loss.good_prediction",
        "BAD": "loss.bad_prediction",
        "LEARNING_RATE": "descent.learning_rate",
    }.items()
}
