"""The whitepaper from the output layer to GPT: importing this module registers the proofs."""

from tests.documents.proofs import whitepaper_gpt, whitepaper_loss

__all__ = ["whitepaper_gpt", "whitepaper_loss"]
