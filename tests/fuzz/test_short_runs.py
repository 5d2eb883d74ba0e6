"""Each fuzz target for a moment; a longer run is for changes of what it fuzzes."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUNS = 3_000
SEEDS = {
    "grants": [b"", b".", b"eyJhbGciOiJub25lIn0.e30."],
    "decoder": [
        json.dumps({"type": "threads.list", "params": {"limit": 5}, "metadata": {}}).encode(),
        b'\x00{"input":{"content":[{"type":"input_text","text":"x"}],"attachments":[],"inference_options":{}}}',
        b'\x05{"thread_id":"thr_1","action":{"type":"x","payload":{}}}',
    ],
}


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris has no build for this platform")
@pytest.mark.parametrize("target", SEEDS)
def test_a_short_run_finds_nothing(target: str, tmp_path: Path) -> None:
    """No error but those that are meant to be."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(SEEDS[target]):
        (corpus / str(number)).write_bytes(seed)
    command = [sys.executable, "-m", f"tests.fuzz.{target}", f"-runs={RUNS}", "-max_len=512", f"{corpus}"]
    command.append(f"-artifact_prefix={tmp_path}/")
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert ended.returncode == 0, ended.stdout[-3_000:]
    assert f"Done {RUNS} runs" in ended.stdout
