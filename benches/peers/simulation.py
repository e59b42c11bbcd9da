#!/usr/bin/env python3
"""Walker-steps beside hand-tuned C: one run, interleaved, least of many short bursts.

Run from the root of the repository: `python3 benches/peers/simulation.py`. Needs cargo; a row of a peer whose tools are
absent (gcc for the C rows, numpy for the NumPy row) is left out by name. The reference work is
lambda = 20 (1 + sin(x)/2), L0 = x^2/2, Delta = 1, kappa = 3, dt = 1e-3, Euler-Maruyama in f64.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
FLAGS = "-O3 -std=gnu11 -Wno-psabi -Wno-overflow -fno-math-errno -ffp-contract=fast -DMODE=0".split()


def cpu_has(*features):
    try:
        words = open("/proc/cpuinfo").read().split()
    except OSError:
        return False
    return all(f in words for f in features)


def build_c(folder):
    """The C peer at both levels, with the unrolling that is fastest here."""
    peers = {}
    if not shutil.which("gcc"):
        print("left out: C (no gcc)")
        return peers
    levels = []
    if cpu_has("avx512f", "avx512dq", "avx512vl"):
        levels.append(("C avx512", ["-march=native", "-mprefer-vector-width=512", "-DLOCK"]))
    if cpu_has("avx2", "fma"):
        levels.append(("C avx2", ["-march=haswell"]))
    for name, flags in levels:
        for unroll in (1, 2, 4):
            program = os.path.join(folder, f"{name.split()[1]}_{unroll}")
            command = ["gcc", *FLAGS, *flags, f"-DU={unroll}", os.path.join(HERE, "simulation.c"), "-o", program]
            if subprocess.run([*command, "-lpthread", "-lm"], capture_output=True).returncode == 0:
                peers.setdefault(name, []).append([program, "2048", "200", "1", "100"])
    return peers


def time_c(command):
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return json.loads(out)["ns_per_walker_step"]


def time_numpy():
    import numpy as np

    rng, n, steps, dt = np.random.default_rng(1), 2048, 100, 1e-3
    best = float("inf")
    for _ in range(3):
        x, y, start = np.zeros(n), np.zeros(n), time.perf_counter()
        for _ in range(steps):
            force = x + 5.0 * np.cos(x) * y * y
            y = y - dt * (20.0 + 10.0 * np.sin(x)) * y + (2 * dt) ** 0.5 * rng.standard_normal(n)
            x = x - dt * force + (2 * dt / 3) ** 0.5 * rng.standard_normal(n)
        best = min(best, (time.perf_counter() - start) * 1e9 / (n * steps))
    return best


def bench_program():
    """The program of `benches/steps.rs`, built once."""
    command = ["cargo", "bench", "--bench", "steps", "--no-run", "--message-format=json"]
    out = subprocess.run(command, capture_output=True, text=True)
    for line in out.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and message.get("target", {}).get("name") == "steps":
            return message["executable"]
    sys.exit(out.stderr or "the bench was not built")


def time_own(program, level):
    rows = {}
    for line in subprocess.run([program, level], capture_output=True, text=True, check=True).stdout.splitlines():
        name, used, ns = line[:44].strip(), *line[44:].split()[:2]
        if used == level:
            rows[f"thalweg {level}: {name}"] = float(ns)
    return rows


def main():
    program, best = bench_program(), {}

    def keep(name, ns):
        best[name] = min(best.get(name, float("inf")), ns)

    levels = (["avx512"] if cpu_has("avx512f", "avx512dq", "avx512vl") else []) + (
        ["avx2"] if cpu_has("avx2", "fma") else []
    )
    with tempfile.TemporaryDirectory() as folder:
        peers = build_c(folder)
        for _ in range(ROUNDS):
            for name, commands in peers.items():
                for command in commands:
                    keep(name, time_c(command))
            for level in levels:
                for name, ns in time_own(program, level).items():
                    keep(name, ns)
    for name, ns in time_own(program, "portable").items():
        keep(name, ns)
    try:
        keep("NumPy, default_rng", time_numpy())
    except ImportError:
        print("left out: NumPy (not installed)")
    references = [name for name in ("C avx512", "C avx2") if name in best]
    print(f"{'ns per walker-step':62}{'ns':>8}" + "".join(f"{'/ ' + r:>12}" for r in references))
    for name, ns in best.items():
        print(f"{name:62}{ns:8.3f}" + "".join(f"{ns / best[r]:12.3f}" for r in references))


if __name__ == "__main__":
    main()
