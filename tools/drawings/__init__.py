"""The drawings of the lessons: each a function that returns a `Drawing`, by the name of its file."""

from tools.drawings import attention, models, others, text
from tools.links import ROOT

FOLDER = ROOT / "notebooks/drawings"
DRAWINGS = {
    "tokens_and_bytes": text.tokens_and_bytes,
    "one_hot": text.one_hot,
    "batch": text.batch,
    "head": attention.head,
    "multi_head": attention.multi_head,
    "split_and_merge": attention.split_and_merge,
    "block": models.block,
    "feed_forward": others.feed_forward,
    "shifted_targets": text.shifted_targets,
    "graph": others.graph,
    "gpt": models.gpt,
    "encoder_decoder": models.encoder_decoder,
    "cache": models.cache,
    "patches": others.patches,
}
