"""Headless Chromium and what drives it, where this machine has them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PACKAGES = ("playwright-core@1.56.1", "axe-core@4.11.0")


def chromium() -> str | None:
    """Chromium's or Chrome's path."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def node_modules() -> Path:
    """A folder outside the project with the browser driver and axe, installed once and kept in the user's cache; the
    test is skipped, saying so, where it cannot be had."""
    if not chromium() or not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("headless Chromium, node or npm is absent")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kindred-tests" / "browser"
    if not (cache / "node_modules" / "axe-core").is_dir() or not (cache / "node_modules" / "playwright-core").is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(cache), *PACKAGES],
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        if done.returncode:
            pytest.skip(f"npm cannot install the browser driver: {done.stderr.strip().splitlines()[-1:]}")
    return cache / "node_modules"
