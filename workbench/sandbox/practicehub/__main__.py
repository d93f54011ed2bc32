"""Run the simulator that is ordered in a folder: `python -m workbench.sandbox.practicehub`."""

from __future__ import annotations

import argparse
from pathlib import Path

from workbench.sandbox.practicehub.server import serve

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="holds order.json")
    serve(parser.parse_args().folder)
