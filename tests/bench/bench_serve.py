"""How long an analyst waits for `kindred serve` at an operator's size, and what the server takes in memory.

`python -m tests.bench serve` invents 1 M customers (the tables of `bench_report`, with an experiment on all of them;
`KINDRED_BENCH_CUSTOMERS` sets another size), starts the server for internal eyes as its own process and asks it as a
browser does. A line per question: seconds until any answer, until figures stand in it, until all of them do, processor
seconds of the server, and its memory. The questions after "reads on" are asked while another process writes into the
workspace.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.bench import bench_report

OPENING = ("", "influence", "offers", "faces")
QUESTIONS = (
    "", "influence", "offers", "customers", "customers?q=c000", "customers?q=c00000123", "customer?id=c00000123",
    "customers?sort=tie_share&down=1", "customers?own.gender=man", "influence?manufacturer=maker+3",
    "offers?manufacturer=maker+4", "faces?manufacturer=maker+5", "influence?community=7", "community?id=7",
)  # fmt: skip
TARGET = {"page_s": 1.0, "search_s": 0.2, "segment_s": 1.0, "peak_mb": 1024}
WAITING = b"Being computed from the newest snapshot"
WRITER = """
import sys, engine
space = engine.open(sys.argv[1])
with space.writing("bench") as store:
    print("writing", flush=True)
    sys.stdin.readline()
"""


class Server:
    """A running `kindred serve --internal`."""

    def __init__(self, space: Path) -> None:
        started = time.perf_counter()
        command = [sys.executable, "-m", "cli.main", "serve", "-w", str(space), "-o", "json", "--internal"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        told = ""
        while not told.endswith("]\n"):
            line = self.process.stdout.readline()
            if not line:
                raise SystemExit("kindred serve did not start")
            told += line
        self.address = json.loads(told)[0]["address"]
        self.ready_s = time.perf_counter() - started

    def cpu(self) -> float:
        """Processor seconds so far."""
        told = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")

    def megabytes(self, what: str) -> int:
        """VmRSS or VmHWM of the process."""
        told = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{what}:\s+(\d+)", told).group(1)) // 1024

    def ask(self, path: str) -> str:
        """Ask until all of the page is there; a line of figures."""
        started, cpu, first, shown = time.perf_counter(), self.cpu(), 0.0, 0.0
        while True:
            try:
                with urllib.request.urlopen(self.address + path) as answer:  # noqa: S310 - loopback
                    body, whole = answer.read(), answer.status == 200
            except urllib.error.HTTPError as error:
                if error.code != 503:
                    raise
                body, whole = error.read(), False
            first = first or time.perf_counter() - started
            if whole and WAITING not in body:
                shown = shown or time.perf_counter() - started
            if whole and b'http-equiv="refresh"' not in body:
                break
            time.sleep(0.05)
        return (
            f"{path or 'today':34} {first:6.2f} s answer  {shown:6.2f} s figures  "
            f"{time.perf_counter() - started:6.2f} s all  {self.cpu() - cpu:6.2f} s processor  "
            f"{self.megabytes('VmRSS'):5} MB now  {self.megabytes('VmHWM'):5} MB peak"
        )


def main() -> None:
    """Print the figures."""
    customers = int(os.environ.get("KINDRED_BENCH_CUSTOMERS", "1000000"))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KINDRED_KEYS"] = str(Path(folder) / "keys")
        space = bench_report.build(Path(folder) / "workspace", customers)
        bench_report.add_trial(space)
        server = Server(space)
        try:
            print(f"{customers:,} customers; address after {server.ready_s:.2f} s; targets {json.dumps(TARGET)}")
            for path in OPENING:
                print("opening ", server.ask(path), flush=True)
            print("opening ", server.ask("experiments"), flush=True)
            writer = subprocess.Popen(
                [sys.executable, "-c", WRITER, str(space)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            writer.stdout.readline()
            for path in QUESTIONS:
                print("reads on", server.ask(path), flush=True)
            writer.communicate("\n")
        finally:
            server.process.terminate()
            server.process.wait()


if __name__ == "__main__":
    main()
