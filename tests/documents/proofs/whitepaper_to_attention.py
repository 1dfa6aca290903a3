"""The whitepaper from the words to the attention of one head: importing this module registers the proofs."""

from tests.documents.proofs import whitepaper_attention, whitepaper_embeddings

__all__ = ["whitepaper_attention", "whitepaper_embeddings"]
