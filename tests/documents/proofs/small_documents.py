"""The four short documents: importing this module registers the proofs of them all."""

from tests.documents.proofs import attention_notes, lecture_notes, shape_notes, threeb1b_summary

__all__ = ["attention_notes", "lecture_notes", "shape_notes", "threeb1b_summary"]
