#!/usr/bin/env python3
"""Does a test go red for a slip of the pen anywhere in the rooms that compute?

    cargo install cargo-mutants
    python3 tests/mutants/shard.py [--seed N] [--count N] [--jobs N]

`cargo mutants --list` names every slip it knows of in `theory`, `proof`, `eval`, `fokker_planck` and `check`. A seeded random shard of
them is built at once, each behind a switch, in a copy of the tree, as `run.py` builds the wrong theories; a slip that does not compile
is left out and another is drawn. Then the unit tests of its room are run once per slip with its switch on, all unit tests where
none of them objects. Results are added to `SHARDS.md`, whose reasons for survivors are written by hand and kept. A test that has
not ended in time (twenty times what it takes) has objected.
"""

import argparse
import concurrent.futures
import json
import math
import os
import pathlib
import random
import re
import subprocess
import sys
import threading
import time

import run

ROOMS = ["theory", "proof", "eval", "fokker_planck", "check"]
# Rooms whose tests see a slip in this one.
FILTERS = {"theory": ["theory::"], "proof": ["proof::"], "eval": ["eval::"], "fokker_planck": ["fokker_planck::"], "check": ["check::"]}
TOKEN = re.compile(
    r"//[^\n]*|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])'|'\w+|[A-Za-z_]\w*|\d[\w.]*(?:e[-+]?\d+)?|::|->|=>|\.\.=|\.\.|"
    r"<<=|>>=|[-+*/%^&|]=|==|!=|<=|>=|&&|\|\||<<|>>|\S"
)
STRENGTH = {"*": 9, "/": 9, "%": 9, "+": 8, "-": 8, "<<": 7, ">>": 7, "&": 6, "^": 5, "|": 4, "==": 3, "!=": 3, "<": 3, ">": 3,
            "<=": 3, ">=": 3, "&&": 2, "||": 1}
STOPS = {",", ";", ":", "=", "=>", "..", "..=", "{", "}", "+=", "-=", "*=", "/=", "return", "if", "match", "while", "in", "else", "break",
         "let", "|", "#"}
OPEN, CLOSE = "([{", ")]}"
NUMBER = re.compile(r"(?<=\d)\.(?=\d)")


class Source:
    """The tokens of a file, with what may be replaced in it."""

    def __init__(self, text):
        self.code = text
        self.lines = [0]
        for line in self.code.splitlines(keepends=True):
            self.lines.append(self.lines[-1] + len(line))
        self.tokens = [m for m in TOKEN.finditer(self.code) if not m.group().startswith("//")]
        self.at = {m.start(): k for k, m in enumerate(self.tokens)}

    def offset(self, place):
        return self.lines[place["line"] - 1] + place["column"] - 1

    def is_binary(self, k):
        """Whether a token is an operator between two others: rustfmt puts white space on both sides of those."""
        m = self.tokens[k]
        around = self.code[m.start() - 1 : m.start()] + self.code[m.end() : m.end() + 1]
        before = self.tokens[k - 1].group() if k else ""
        return m.group() in STRENGTH and len(around) == 2 and around.isspace() and (before[-1:].isalnum() or before[-1:] in ")]}?_\"'")

    def operands(self, k):
        """Offsets of the expression of the operator that is token `k`."""
        own = STRENGTH[self.tokens[k].group()]
        ends = []
        for step in (-1, 1):
            depth, j, last = 0, k + step, None
            opening, closing = (CLOSE, OPEN) if step < 0 else (OPEN, CLOSE)
            while 0 <= j < len(self.tokens):
                word = self.tokens[j].group()
                if depth == 0:
                    if word in STOPS:
                        break
                    if word in closing:
                        break
                    if self.is_binary(j) and (STRENGTH[word] < own or (step > 0 and STRENGTH[word] == own)):
                        break
                depth += (word in opening) - (word in closing)
                last = j
                j += step
            if last is None:
                return None
            ends.append(last)
        return self.tokens[ends[0]].start(), self.tokens[ends[1]].end()


def edit(source, mutant):
    """`(start, end, text)`: what stands for a stretch of the code when the mutant is behind its switch; None if it is of no kind we know."""
    start, end = source.offset(mutant["span"]["start"]), source.offset(mutant["span"]["end"])
    on = f'crate::mutant("{mutant["id"]}")'
    genre, by = mutant["genre"], mutant["replacement"]
    if genre == "FnValue":
        # The span is that of the statements, or of the block.
        brace = start if source.code[start] == "{" else source.code.rfind("{", 0, start)
        empty = source.code[brace + 1 : start].strip() if brace < start else ""
        return (brace + 1, brace + 1, f" if {on} {{ return {by}; }} ") if brace >= 0 and not empty else None
    if genre == "BinaryOperator":
        k = source.at.get(start)
        whole = source.operands(k) if k is not None and source.is_binary(k) else None
        if not whole or "{" in source.code[whole[0] : whole[1]]:
            return None
        left, right = source.code[whole[0] : start], source.code[end : whole[1]]
        return whole[0], whole[1], f"(if {on} {{ {left}{by}{right} }} else {{ {left}{source.code[start:end]}{right} }})"
    if genre == "UnaryOperator":
        # `!a` or `-a` up to the next operator, with its methods.
        k = source.at.get(start)
        if k is None:
            return None
        depth, j = 0, k + 1
        while j < len(source.tokens):
            word = source.tokens[j].group()
            if depth == 0 and (word in STOPS or word in CLOSE or source.is_binary(j)):
                break
            depth += (word in OPEN) - (word in CLOSE)
            j += 1
        stop = source.tokens[j - 1].end()
        rest = source.code[source.tokens[k].end() : stop]
        return (start, stop, f"(if {on} {{ {rest} }} else {{ {source.code[start:stop]} }})") if "{" not in rest else None
    return None


def shard(listed, seed, count):
    """So many mutants of a seed, evenly over the rooms, at most one of overlapping ones, each with its edit."""
    rng, sources, taken = random.Random(seed), {}, {}
    by_room = {room: [m for m in listed if m["file"].split("/")[1] == room] for room in ROOMS}
    for mutants in by_room.values():
        rng.shuffle(mutants)
    chosen = []
    while len(chosen) < count and any(by_room.values()):
        for room in ROOMS:
            while by_room[room]:
                mutant = by_room[room].pop()
                file = mutant["file"]
                source = sources.setdefault(file, Source((run.ROOT / file).read_text()))
                made = edit(source, mutant)
                if made and all(made[1] < a or b < made[0] for a, b in taken.get(file, [])):
                    taken.setdefault(file, []).append(made[:2])
                    chosen.append({**mutant, "edit": made})
                    break
    return chosen[:count], sources


def write(copy, chosen, sources):
    """The copy of the tree with the chosen ones behind switches."""
    texts = {}
    for file, source in sources.items():
        text = source.code
        for mutant in sorted((m for m in chosen if m["file"] == file), key=lambda m: -m["edit"][0]):
            start, end, new = mutant["edit"]
            text = text[:start] + new + text[end:]
        texts[file] = text
    run.copy_of_the_tree([], copy, texts)


def refused(copy):
    """Identifiers of mutants at which the compiler objects."""
    done = subprocess.run(
        ["cargo", "check", "--lib", "--message-format", "json"], cwd=copy, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "CARGO_TARGET_DIR": str(copy.parent)},
    )
    found, lost = set(), []
    for line in done.stdout.splitlines():
        message = json.loads(line) if line.startswith("{") else {}
        body = message.get("message")
        if message.get("reason") != "compiler-message" or body.get("level") != "error":
            continue
        here = set()
        for span in body["spans"]:
            code = (copy / span["file_name"]).read_bytes() if (copy / span["file_name"]).is_file() else b""
            before = code[: span["byte_end"]].decode(errors="ignore")
            ids = re.findall(r'crate::mutant\("([^"]+)"\)', before)
            if ids:
                here.add(ids[-1])
        found |= here
        if not here and body["spans"]:
            lost.append(body["rendered"])
    if done.returncode and not found:
        sys.exit("the shard does not compile:\n" + "\n".join(lost))
    return found


def interval(k, n):
    """Clopper and Pearson's, at 0.95, by bisection."""
    def tail(p, js):
        return sum(math.comb(n, j) * p**j * (1 - p) ** (n - j) for j in js)
    def solve(f):
        a, b = 0.0, 1.0
        for _ in range(60):
            m = 0.5 * (a + b)
            a, b = (m, b) if f(m) else (a, m)
        return a
    lower = 0.0 if k == 0 else solve(lambda p: tail(p, range(k, n + 1)) < 0.025)
    upper = 1.0 if k == n else solve(lambda p: tail(p, range(k + 1)) > 0.025)
    return lower, upper


def report(results, path):
    """All results so far, with the reasons that stand in the file already."""
    old = path.read_text() if path.is_file() else ""
    rows = {m.group(1): m.group(0) for m in re.finditer(r"^\| `(.+?)` \|.*$", old, re.M)}
    for name, room, seed, found in results:
        shown = f"`{found[0]}`" + (f" and {len(found) - 1} more" if len(found) > 1 else "") if found else "**none**"
        reason = rows.get(name, "||||||").split(" | ")[-1].strip(" |") if not found else ""
        rows[name] = f"| `{name}` | {room} | {seed} | {shown} | {reason} |"
    n, k = len(rows), sum("**none**" not in row for row in rows.values())
    # An equivalent slip changes no answer: its row says so.
    same = sum("**none**" in row and "| equivalent" in row for row in rows.values())
    low, high = interval(k, n)
    text = (
        "# Slips of the pen, and which test objects\n\n"
        "Written by `python3 tests/mutants/shard.py`, which adds a seeded random shard of what `cargo mutants --list` names. Reasons are written\n"
        f"by hand.\n\n{k} of {n} are caught: {100 * k / n:.1f} %, 95 % interval {100 * low:.1f} to {100 * high:.1f} %; {same} of the others are equivalent, which leaves\n"
        f"{100 * k / max(1, n - same):.1f} % of those that can be caught. The goal is 95 %.\n\n"
        "| slip | room | seed | test that objects | why it survives |\n|---|---|---|---|---|\n"
    )
    path.write_text(text + "\n".join(rows[name] for name in sorted(rows)) + "\n")
    return k, n


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--count", type=int, default=200)
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--list", help="a kept answer of `cargo mutants --list --json`")
    options.add_argument("--again", action="store_true", help="only those that survived")
    asked = options.parse_args()
    if asked.list:
        text = pathlib.Path(asked.list).read_text()
    else:
        files = [part for room in ROOMS for part in ("--file", f"src/{room}/**/*.rs")]
        text = subprocess.run(
            ["cargo", "mutants", "--list", "--json", *files], cwd=run.ROOT, capture_output=True, text=True, check=True
        ).stdout
    listed = json.loads(text)
    for number, mutant in enumerate(listed):
        mutant["id"] = f"s{number}"
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", run.ROOT / "target"))
    copy = target.resolve() / "shard"
    chosen, sources = shard(listed, asked.seed, asked.count + asked.count // 4)
    for _ in range(12):
        write(copy, chosen, sources)
        bad = refused(copy)
        if not bad:
            break
        chosen = [m for m in chosen if m["id"] not in bad]
        print(f"{len(bad)} do not compile, {len(chosen)} are left", flush=True)
    chosen = chosen[: asked.count]
    write(copy, chosen, sources)
    program = run.build(copy, copy.parent)
    path = run.HERE / "SHARDS.md"
    name = lambda m: re.sub(r"^(src/\S+?):\d+:\d+: ", r"\1: ", m["name"]).replace("|", "¦") + f" ({m['span']['start']['line']})"
    if asked.again:
        alive = set(re.findall(r"^\| `(.+?)` \|.*\*\*none\*\*", path.read_text(), re.M))
        chosen = [m for m in chosen if name(m) in alive]
    allowed, slow = {}, {}
    for room in ROOMS:
        begun = time.time()
        if objections(program, copy, "none", FILTERS[room], 600):
            sys.exit(f"tests of {room} fail with no switch on")
        allowed[room] = 60 + 20 * (time.time() - begun)

    def judge(mutant):
        room = mutant["file"].split("/")[1]
        found = objections(program, copy, mutant["id"], FILTERS[room], allowed[room])
        others = [word for r in ROOMS if r != room for word in FILTERS[r]] + ["sim::", "model::", "expr::", "num::", "network::", "fit::"]
        found = found or objections(program, copy, mutant["id"], others, 600)
        print(f"{mutant['name']}: {', '.join(found[:2]) or 'SURVIVES'}", flush=True)
        return name(mutant), room, asked.seed, found

    results = []
    with concurrent.futures.ThreadPoolExecutor(asked.jobs) as pool:
        for result in pool.map(judge, chosen):
            results.append(result)
            k, n = report(results, path)
    print(f"{k} of {n} caught")


def objections(program, copy, mutant, filters, seconds):
    """As in `run.py`, but the first objection is enough, and with a time of its own."""
    environment = {**os.environ, "THALWEG_MUTANT": mutant, "RAYON_NUM_THREADS": "1"}
    running = subprocess.Popen(
        [program, *filters, "--test-threads", "1"], cwd=copy, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )
    late = []
    clock = threading.Timer(seconds, lambda: (late.append(True), running.kill()))
    clock.start()
    found = []
    for line in running.stdout:
        failed = re.match(r"test (\S+) .*FAILED$", line)
        if failed:
            found.append(failed.group(1))
            running.kill()
            break
    running.stdout.read()
    code = running.wait()
    clock.cancel()
    if late:
        return ["(does not end)"]
    return found or ([] if code == 0 else ["(the program stops)"])


if __name__ == "__main__":
    main()
