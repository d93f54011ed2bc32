"""Proof: what was expected against what is there, the sums, the seal, and checking it all."""

from workbench.proof.balance import Balance, Terms, balance
from workbench.proof.checks import Check, CheckName
from workbench.proof.diff import WHOLE_RECORD, Comparer, Comparison, different_cells
from workbench.proof.judge import TOLERANCES, Match, Rule
from workbench.proof.ledger import check_head
from workbench.proof.origins import Origin, OriginOf, Origins
from workbench.proof.relations import Child, Reference, RelationTally
from workbench.proof.sample import Kind, SampleChoice, choose, key_words, kind_of
from workbench.proof.sample_facts import FactGatherer, SampleFacts, has
from workbench.proof.seal import HANDOVER, SEAL, read_seal, seal, seal_stands
from workbench.proof.signature import read_signer
from workbench.proof.verify import Verification, verify

__all__ = [
    "HANDOVER", "SEAL", "TOLERANCES", "WHOLE_RECORD", "Balance", "Check", "CheckName", "Child",
    "Comparer", "Comparison", "FactGatherer", "Kind", "Match", "Origin", "OriginOf", "Origins",
    "Reference", "RelationTally", "Rule", "SampleChoice", "SampleFacts", "Terms",
    "Verification", "balance", "check_head", "choose", "different_cells", "has", "key_words",
    "kind_of", "read_seal", "read_signer", "seal", "seal_stands", "verify",
]  # fmt: skip
