#!/usr/bin/env python3
"""Does a test go red for every wrong theory of `catalogue.json`?

    python3 tests/mutants/run.py [ID…]

Every entry replaces one expression of the source by a wrong one. All of them are built at once, each behind a switch, in a copy
of the tree; then the unit tests are run once per entry with its switch on: those of the rooms concerned first, all of them if none
of these objects. A test that has not ended after ten minutes has objected. Without ids `RESULTS.md` is written anew.
Needs Python 3.9 and a Rust toolchain; the copy lives in the target directory and is built anew only where the source changed.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# The part of an entry that is no expression: a binding, an arm, a field.
HEAD = re.compile(r"^(let (mut )?\w+(: \w+)? = |[\w:]+ => |\w+: )")
ROOMS = {
    "theory": ["theory::"],
    "model": ["model::", "theory::", "sim::"],
    "fokker_planck": ["fokker_planck::"],
    "finite_volume": ["finite_volume::"],
    "transfer": ["transfer::"],
    "sim": ["sim::"],
    "network": ["network::"],
    "fit": ["fit::"],
    "expr": ["expr::", "eval::"],
    "eval": ["eval::"],
    "proof": ["proof::"],
    "num": ["num::"],
    "check": ["check::"],
    "tune": ["tune::"],
}
SWITCH = """
/// Whether this wrong theory is switched on.
#[doc(hidden)]
pub fn mutant(id: &str) -> bool {
    static ON: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    ON.get_or_init(|| std::env::var("THALWEG_MUTANT").ok()).as_deref() == Some(id)
}
"""


def switched(entries):
    """The text that stands for `from` when all entries with this `from` are behind their switches."""
    first = entries[0]["from"]
    head = HEAD.match(first)
    head = head.group(0) if head else ""
    tail = ";" if first.endswith(";") else ""
    bare = lambda text: text[len(head) : len(text) - len(tail)]
    body = bare(first)
    for entry in entries:
        if not entry["to"].startswith(head):
            sys.exit(f"{entry['id']}: `to` does not begin with `{head}`")
        body = f'if crate::mutant("{entry["id"]}") {{ {bare(entry["to"])} }} else {{ {body} }}'
    return f"{head}({body}){tail}"


def copy_of_the_tree(catalogue, copy, texts={}):
    """Copies what git knows of, with every switch in place, or the texts given; a file is written only where it changed."""
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    places = {}
    for entry in catalogue:
        places.setdefault(entry["file"], {}).setdefault(entry["from"], []).append(entry)
    for old in (copy / "src").rglob("*.rs"):
        if str(old.relative_to(copy)) not in names or not (ROOT / old.relative_to(copy)).is_file():
            old.unlink()
    for name in filter(None, names):
        if not (ROOT / name).is_file():
            continue
        data = (ROOT / name).read_bytes()
        if name in places:
            text, rest = data.decode(), ""
            if "#[cfg(test)]\nmod" in text:
                cut = text.index("#[cfg(test)]\nmod")
                text, rest = text[:cut], text[cut:]
            for old, entries in places[name].items():
                if text.count(old) != 1:
                    sys.exit(f"{entries[0]['id']}: `{old}` stands {text.count(old)} times in {name}")
                text = text.replace(old, switched(entries))
            data = (text + rest).encode()
        data = texts[name].encode() if name in texts else data
        if name == "src/lib.rs":
            data = data.replace(b"#![warn(missing_docs)]", b"#![allow(warnings)]") + SWITCH.encode()
        target = copy / name
        if not target.exists() or target.read_bytes() != data:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)


def build(copy, target=None):
    """The test program of the library; what it depends on is shared where a target directory is."""
    flags = {"CARGO_TARGET_DIR": str(target)} if target else {"RUSTFLAGS": "-Awarnings", "CARGO_TARGET_DIR": str(copy / "target")}
    done = subprocess.run(
        ["cargo", "test", "--lib", "--no-run", "--message-format", "json-render-diagnostics"],
        cwd=copy, stdout=subprocess.PIPE, text=True, check=True,
        env={**os.environ, **flags},
    )
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return [m["executable"] for m in found if m.get("executable") and m["target"]["kind"] == ["lib"]][-1]


def objections(program, copy, mutant, filters):
    """Names of the tests that fail, or a word for a run that did not end."""
    environment = {**os.environ, "THALWEG_MUTANT": mutant}
    try:
        out = subprocess.run(
            [program, *filters], cwd=copy, env=environment, capture_output=True, text=True, timeout=600
        )
    except subprocess.TimeoutExpired:
        return ["(does not end)"]
    failed = sorted(set(re.findall(r"^test (\S+) .*FAILED$", out.stdout, re.M)))
    return failed or ([] if out.returncode == 0 else ["(the program stops)"])


def main():
    catalogue = json.loads((HERE / "catalogue.json").read_text())
    wanted = sys.argv[1:] or [entry["id"] for entry in catalogue]
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    copy = target / "mutants"
    copy_of_the_tree(catalogue, copy)
    program = build(copy)
    if objections(program, copy, "none", []):
        sys.exit("tests fail with no switch on")
    rows, survivors = [], 0
    for entry in (e for e in catalogue if e["id"] in wanted):
        room = entry["file"].split("/")[1]
        found = objections(program, copy, entry["id"], ROOMS.get(room, []))
        found = found or objections(program, copy, entry["id"], [])
        survivors += not found
        shown = ", ".join(f"`{name}`" for name in found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
        print(f"{entry['id']}: {shown or 'SURVIVES'}", flush=True)
        rows.append(f"| {entry['id']} | {entry['wrong']} | {shown or '**none**'} |")
    if len(wanted) == len(catalogue):
        head = (
            "# Which test objects to which wrong theory\n\n"
            "Written by `python3 tests/mutants/run.py` from `catalogue.json`: every entry was switched on alone and the unit tests of its\n"
            "rooms were run, all unit tests where none of those objected.\n\n"
            f"{len(rows) - survivors} of {len(rows)} are caught.\n\n"
            "| wrong theory | what is wrong | tests that object |\n|---|---|---|\n"
        )
        (HERE / "RESULTS.md").write_text(head + "\n".join(rows) + "\n")
    sys.exit(survivors > 0)


if __name__ == "__main__":
    main()
