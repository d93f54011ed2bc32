"""Proof: what was expected against what is there, the sums, the seal, and checking it all."""

from workbench.proof.balance import Balance, Terms, balance, orphans
from workbench.proof.checks import Check, CheckName
from workbench.proof.diff import (
    TOLERANCES,
    Comparison,
    Match,
    Rule,
    compare,
    different_cells,
    source_texts,
)
from workbench.proof.sample import FactGatherer, SampleChoice, SampleFacts, choose
from workbench.proof.seal import SEAL, seal
from workbench.proof.verify import Verification, verify

__all__ = [
    "SEAL", "TOLERANCES", "Balance", "Check", "CheckName", "Comparison", "FactGatherer", "Match",
    "Rule", "SampleChoice", "SampleFacts", "Terms", "Verification", "balance", "choose",
    "compare", "different_cells", "orphans", "seal", "source_texts", "verify",
]  # fmt: skip
