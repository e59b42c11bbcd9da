#!/usr/bin/env python3
"""Walker-steps beside hand-tuned C: one run, interleaved, least of many short bursts.

Run from the root of the repository: `python3 benches/peers/simulation.py`. Needs cargo; a row of a peer whose tools are
absent (gcc for the C rows, numpy for the NumPy row, numba for its rows) is left out by name. The reference work is
lambda = 20 (1 + sin(x)/2), L0 = x^2/2, Delta = 1, kappa = 3, dt = 1e-3, Euler-Maruyama in f64.

`python3 benches/peers/simulation.py threads` prints how much sooner two threads are done than one, and
`python3 benches/peers/simulation.py accuracy` what an error of 1e-3 in the total variation of p(x) costs at
lambda = 1000 (1 + sin(x)/2) by each scheme, as measured by `accuracy` below.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROUNDS = int(next((a for a in sys.argv[1:] if a.isdigit()), 5))
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


def numba_step():
    """A loop as most users write it, and one with the fastest generator that numba offers; seconds per walker-step."""
    import numba
    import numpy as np

    @numba.njit(fastmath=True)
    def plain(x, y, steps, dt, s):
        kx, ky = (2 * dt / 3) ** 0.5, (2 * dt) ** 0.5
        for _ in range(steps):
            for i in range(x.size):
                force = x[i] + 0.25 * s * np.cos(x[i]) * y[i] * y[i]
                y[i] += -dt * s * (1 + 0.5 * np.sin(x[i])) * y[i] + ky * np.random.standard_normal()
                x[i] += -dt * force + kx * np.random.standard_normal()

    @numba.njit(fastmath=True)
    def quick(x, y, steps, dt, s, rng):
        kx, ky = (2 * dt / 3) ** 0.5, (2 * dt) ** 0.5
        for _ in range(steps):
            for i in range(x.size):
                force = x[i] + 0.25 * s * np.cos(x[i]) * y[i] * y[i]
                y[i] += -dt * s * (1 + 0.5 * np.sin(x[i])) * y[i] + ky * rng.standard_normal()
                x[i] += -dt * force + kx * rng.standard_normal()

    rng = np.random.Generator(np.random.SFC64(1))
    best = {}
    for name, step, more in (("Numba, np.random", plain, ()), ("Numba, Generator(SFC64)", quick, (rng,))):
        for _ in range(30):
            x, y, start = np.zeros(2048), np.zeros(2048), time.process_time()
            step(x, y, 200, 1e-3, 20.0, *more)
            took = time.process_time() - start
            best[name] = min(best.get(name, float("inf")), took / (2048 * 200))
    return best


def release():
    """The program itself."""
    subprocess.run(["cargo", "build", "--release", "--quiet"], check=True)
    return os.path.join(os.environ.get("CARGO_TARGET_DIR", "target"), "release", "thalweg")


def ask(program, command, model, *flags):
    words = [program, command, model, "--format", "json", "--quiet", *map(str, flags)]
    return json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


def threads():
    """Best of many bursts each: the second core of a shared machine is seldom free."""
    program, model, best = release(), "models/yang-tang-tu-2023.ron", {}
    for _ in range(ROUNDS * 3):
        for count in (1, 2):
            # Long enough that what is done once, and the short legs at the start, do not count.
            run = ask(program, "simulate", model, "--walkers", 65536, "--steps", 6000, "--threads", count)
            best[count] = min(best.get(count, float("inf")), run["seconds"])
    print(f"one thread {best[1]:.4f} s, two {best[2]:.4f} s: {best[1] / best[2]:.2f} times as fast")


STIFF = """Model(name: "stiff", floor: (coordinate: "x", domain: Line, loss: "x^2/2"),
    sharp: [(curvature: "1000*(1+sin(x)/2)")], noise: Langevin(delta: 1.0, kappa: 3.0))"""


def accuracy():
    """Total variation between the histogram of final places after a time of 8 and the exact solve, over 12 bins.

    The part that is due to the step falls with it by the order of the scheme; the part that is due to chance is about
    0.4 (bins/walkers)^(1/2). Both schemes need the same number of walkers for the second, so that the cost of an error is
    steps x walkers x time of a walker-step, with the largest step whose bias is 1e-3. Where that step is too small to be
    run here (Euler-Maruyama), it is extrapolated from larger ones by the order of the scheme, 1.
    """
    program, bins, reach, horizon = release(), 12, 2.4, 8.0
    with tempfile.TemporaryDirectory() as folder:
        model = os.path.join(folder, "stiff.ron")
        with open(model, "w") as file:
            file.write(STIFF)
        edges = [-reach + 2 * reach * k / bins for k in range(bins + 1)]
        fine = 40
        places = [edges[0] + (k + 0.5) * 2 * reach / (bins * fine) for k in range(bins * fine)]
        density = ask(program, "density", model, "--method", "fokker-planck", "--at", ",".join(map(repr, places)))
        exact = density["densities"]["fokker-planck"]
        masses = [sum(exact[b * fine : (b + 1) * fine]) * 2 * reach / (bins * fine) for b in range(bins)]

        def distance(scheme, dt, walkers):
            out = os.path.join(folder, "out.csv")
            steps = round(horizon / dt)
            ask(program, "simulate", model, "--scheme", scheme, "--dt", dt, "--steps", steps, "--walkers", walkers,
                "--start", -0.4, "--out", out)
            counts, outside = [0] * bins, 0
            with open(out) as file:
                next(file)
                for line in file:
                    x = float(line.split(",", 1)[0])
                    b = int((x + reach) * bins / (2 * reach)) if -reach <= x < reach else -1
                    if b >= 0:
                        counts[b] += 1
                    else:
                        outside += 1
            rest = abs(outside / walkers - (1 - sum(masses)))
            tv = 0.5 * (rest + sum(abs(c / walkers - m) for c, m in zip(counts, masses)))
            chance = 0.5 * sum((2 * m * (1 - m) / (3.14159 * walkers)) ** 0.5 for m in masses)
            return tv, chance, pace(scheme, dt)

        def pace(scheme, dt):
            """Processor seconds per walker-step: what setting up takes is taken off."""
            least = {}
            for _ in range(ROUNDS):
                for steps in (400, 4400):
                    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
                    flags = ["--scheme", scheme, "--dt", dt, "--steps", steps, "--walkers", 8192, "--threads", 1]
                    ask(program, "simulate", model, *flags)
                    took = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
                    least[steps] = min(least.get(steps, float("inf")), took)
            return (least[4400] - least[400]) / (8192 * 4000)

        rows = {}
        for scheme, plans in (
            ("strang", [(0.1, 1 << 20), (0.05, 1 << 20), (0.02, 1 << 20)]),
            ("euler-maruyama", [(8e-4, 1 << 16), (4e-4, 1 << 16)]),
        ):
            for dt, walkers in plans:
                tv, chance, per_step = distance(scheme, dt, walkers)
                rows[scheme, dt] = (tv, chance, per_step)
                print(f"{scheme:15} dt {dt:7.4g}  TV {tv:.5f}, of which chance {chance:.5f}  {per_step * 1e9:6.2f} ns")
        bias = {key: max(tv * tv - chance * chance, 0.0) ** 0.5 for key, (tv, chance, _) in rows.items()}
        own = [(dt, row) for (scheme, dt), row in rows.items() if scheme == "strang" and bias[scheme, dt] <= 1e-3]
        if not own:
            print("no step of strang tried here reaches 1e-3")
            return
        dt, row = max(own)
        per_walker = horizon / dt * row[2]
        small = 4e-4 * 1e-3 / max(bias["euler-maruyama", 4e-4], 1e-9)
        print(f"strang reaches 1e-3 with dt {dt:g}: {per_walker * 1e6:.3g} core-seconds per million walkers and {horizon:g} of time")
        print(f"euler-maruyama would with dt {small:.2g}, extrapolated")
        try:
            peers = numba_step()
        except ImportError:
            print("left out: Numba (not installed)")
            return
        for name, seconds in peers.items():
            cost = horizon / small * seconds
            print(f"{name}: {seconds * 1e9:.1f} ns per walker-step, {cost / per_walker:.0f} times the core-seconds of strang")


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
    try:
        for name, seconds in numba_step().items():
            keep(name, seconds * 1e9)
    except ImportError:
        print("left out: Numba (not installed)")
    references = [name for name in ("C avx512", "C avx2") if name in best]
    print(f"{'ns per walker-step':62}{'ns':>8}" + "".join(f"{'/ ' + r:>12}" for r in references))
    for name, ns in best.items():
        print(f"{name:62}{ns:8.3f}" + "".join(f"{ns / best[r]:12.3f}" for r in references))


if __name__ == "__main__":
    {"threads": threads, "accuracy": accuracy}.get(next((a for a in sys.argv[1:] if a.isalpha()), ""), main)()
