#!/usr/bin/env python3
"""Prints the licences of every crate that is linked into the ecsail binary, with their texts.

Reads what `cargo metadata` resolves for a target and the licence files in the sources of the crates. Build scripts and
procedural macros are left out with what only they need: they run while ecsail is built, and are not part of it. Fails where a
crate has neither a licence file nor a licence whose text another crate has. Never connects to anything.

    scripts/third-party-licenses.py [--target TRIPLE] > THIRD-PARTY-LICENSES
    scripts/third-party-licenses.py --check
"""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The names of licence files; `COPYRIGHT` and `NOTICE` have to be passed on too.
LICENCE_FILE = re.compile(r"^(un)?licen[cs]e|^copying|^copyright|^notice", re.IGNORECASE)
# Sources and scripts whose names begin in the same way.
SOURCE_FILE = re.compile(r"\.(rs|py|c|h|go|js|json|toml|sh|pl|html?)$", re.IGNORECASE)
# Folders of a crate that are not compiled.
NOT_COMPILED = {"tests", "test", "benches", "examples", "fuzz", "target", ".git", ".github"}
RULE = "=" * 80


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", default=host(), help="the target triple [default: this machine's]")
    parser.add_argument("--check", action="store_true", help="print nothing; fail where a text is missing")
    arguments = parser.parse_args()
    packages = linked_packages(arguments.target)
    texts = {package["id"]: licence_texts(package) for package in packages}
    missing = add_texts_of_others(packages, texts)
    for package in missing:
        print(f"error: no licence text for {name(package)} ({package['license']})", file=sys.stderr)
    if missing:
        sys.exit(1)
    if not arguments.check:
        sys.stdout.write(document(packages, texts))


def host():
    version = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout
    return re.search(r"^host: (.+)$", version, re.MULTILINE).group(1)


def linked_packages(target):
    """Returns the packages that are linked into the binary for a target, by name, without those of this workspace."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", target]
    answer = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    metadata = json.loads(answer)
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    waiting = [id for id, package in packages.items() if package["name"] == "ecsail" and package["source"] is None]
    linked = set()
    while waiting:
        id = waiting.pop()
        if id in linked or is_procedural_macro(packages[id]):
            continue
        linked.add(id)
        for dependency in nodes[id]["deps"]:
            # The kind of a normal dependency is absent; others are `dev` and `build`.
            if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                waiting.append(dependency["pkg"])
    found = [packages[id] for id in linked if packages[id]["source"] is not None]
    return sorted(found, key=lambda package: (package["name"], package["version"]))


def is_procedural_macro(package):
    return any("proc-macro" in target["kind"] for target in package["targets"])


def licence_texts(package):
    """Returns the texts of the licence files in the sources of a package, those of bundled code among them."""
    root = Path(package["manifest_path"]).parent
    texts = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in NOT_COMPILED)
        for file in sorted(files):
            if LICENCE_FILE.match(file) and not SOURCE_FILE.search(file):
                text = (Path(folder) / file).read_text(encoding="utf-8", errors="replace")
                texts.append(normalized(text))
    named = package.get("license_file")
    if named:
        texts.append(normalized((root / named).read_text(encoding="utf-8", errors="replace")))
    return list(dict.fromkeys(text for text in texts if text.strip()))


def normalized(text):
    lines = text.replace("\r\n", "\n").replace("\f", "").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n") + "\n"


def add_texts_of_others(packages, texts):
    """Gives packages without a licence file the text that other packages with the same licence have most often.

    Returns those for which there is none.
    """
    missing = []
    for package in (package for package in packages if not texts[package["id"]]):
        others = [other for other in packages if texts[other["id"]] and same_choice(package, other)]
        counts = {}
        for other in others:
            for text in texts[other["id"]]:
                counts[text] = counts.get(text, 0) + 1
        if not counts:
            missing.append(package)
            continue
        texts[package["id"]] = [max(sorted(counts), key=counts.get)]
    return missing


def same_choice(package, other):
    """Returns whether another package has exactly one licence, and it is one that this package may be used under."""
    choices = re.split(r"\s+OR\s+|/", (package["license"] or "").strip("()"))
    return other["license"] in [choice.strip() for choice in choices]


def name(package):
    return f"{package['name']} {package['version']}"


def document(packages, texts):
    users = {}
    for package in packages:
        for text in texts[package["id"]]:
            users.setdefault(text, []).append(package)
    numbers = {text: number for number, text in enumerate(users, start=1)}
    parts = [
        "Licences of the crates that are linked into ecsail. The numbers are those of the texts below.\n",
        "\n".join(entry(package, [numbers[text] for text in texts[package["id"]]]) for package in packages) + "\n",
    ]
    for text, number in numbers.items():
        parts.append(f"{RULE}\nText {number}\n{RULE}\n\n{text}")
    return "\n".join(parts)


def entry(package, numbers):
    texts = ", ".join(str(number) for number in numbers)
    place = package["repository"] or f"https://crates.io/crates/{package['name']}"
    return f"{name(package)}: {package['license']} ({place}; texts {texts})"


if __name__ == "__main__":
    main()
