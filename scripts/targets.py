#!/usr/bin/env python3
"""Everything that follows from the table of release targets, `scripts/targets.tsv`. Never connects to anything.

    scripts/targets.py matrix                 prints the matrix of the release workflow as JSON
    scripts/targets.py field TARGET NAME      prints one column of a target
    scripts/targets.py archive TARGET         prints the name of the archive of a target
    scripts/targets.py formula --url URL SUMS prints the Homebrew formula of the archives below URL; SUMS is their SHA256SUMS
    scripts/targets.py update                 writes the table into `install.sh` and `Cargo.toml`
    scripts/targets.py check                  fails where `update` would change something
"""

import argparse
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BEGIN = "# Written by `scripts/targets.py update`:"
END = "# End of what `scripts/targets.py` writes."


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("matrix")
    field = commands.add_parser("field")
    field.add_argument("target")
    field.add_argument("name")
    commands.add_parser("archive").add_argument("target")
    formula = commands.add_parser("formula")
    formula.add_argument("--url", required=True)
    formula.add_argument("sums", type=Path)
    commands.add_parser("update")
    commands.add_parser("check")
    arguments = parser.parse_args()
    match arguments.command:
        case "matrix":
            print(json.dumps({"include": table()}))
        case "field":
            print(row_of(arguments.target)[arguments.name])
        case "archive":
            print(archive(row_of(arguments.target), version()))
        case "formula":
            print(homebrew_formula(arguments.url, read_sums(arguments.sums)), end="")
        case "update":
            for path, text in generated().items():
                path.write_text(text, encoding="utf-8")
        case "check":
            changed = [path for path, text in generated().items() if path.read_text(encoding="utf-8") != text]
            for path in changed:
                print(f"error: {path.relative_to(ROOT)} is not current: run `scripts/targets.py update`", file=sys.stderr)
            sys.exit(1 if changed else 0)


def table():
    lines = (ROOT / "scripts/targets.tsv").read_text(encoding="utf-8").splitlines()
    names = [line for line in lines if line.startswith("#")][-1].lstrip("# ").split("\t")
    return [dict(zip(names, line.split("\t"), strict=True)) for line in lines if not line.startswith("#")]


def row_of(target):
    for row in table():
        if row["target"] == target:
            return row
    sys.exit(f"error: no target named `{target}` in scripts/targets.tsv")


def version():
    return re.search(r'^version = "(.+)"$', (ROOT / "Cargo.toml").read_text(encoding="utf-8"), re.MULTILINE).group(1)


def archive(row, version):
    return f"ecsail-{version}-{row['target']}.{row['format']}"


def generated():
    """Returns the files that repeat a part of the table, with the texts that they should have."""
    rows = []
    for row in table():
        # The installer decides itself which C library a Linux has.
        libc = row["target"].rsplit("-", 1)[1] if row["system"] == "Linux" else "any"
        rows.append(f"{row['system']}/{row['machine']}/{libc} {row['target']} {row['format']}")
    overrides = []
    for row in table():
        if row["format"] == "zip":
            overrides.append(f"[package.metadata.binstall.overrides.{row['target']}]\npkg-fmt = \"zip\"")
    return {
        ROOT / "install.sh": replaced(ROOT / "install.sh", "\n".join(rows)),
        ROOT / "Cargo.toml": replaced(ROOT / "Cargo.toml", "\n".join(overrides)),
    }


def replaced(path, text):
    """Returns the text of a file with what stands between the two marks replaced."""
    old = path.read_text(encoding="utf-8")
    pattern = re.compile(rf"({re.escape(BEGIN)}[^\n]*\n).*?(^{re.escape(END)})", re.MULTILINE | re.DOTALL)
    if not pattern.search(old):
        sys.exit(f"error: no `{BEGIN}` in {path.relative_to(ROOT)}")
    return pattern.sub(lambda match: f"{match.group(1)}{text}\n{END}", old)


def read_sums(path):
    pairs = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
    return {name.lstrip("*"): digest for digest, name in pairs}


def homebrew_formula(url, sums):
    """Returns a formula for a tap. On Linux it takes the binaries for glibc, which Homebrew needs itself."""
    rows = [row for row in table() if row["system"] in ("Darwin", "Linux") and not row["target"].endswith("musl")]
    lines = [
        "class Ecsail < Formula",
        f'  desc "{description()}"',
        f'  homepage "{url.split("/releases/")[0]}"',
        f'  version "{version()}"',
        '  license "MIT"',
    ]
    for system, block in (("Darwin", "on_macos"), ("Linux", "on_linux")):
        lines += ["", f"  {block} do"]
        for row in (row for row in rows if row["system"] == system):
            name = archive(row, version())
            if name not in sums:
                sys.exit(f"error: no sum for {name}")
            lines.append(f"    {'on_intel' if row['machine'] == 'x86_64' else 'on_arm'} do")
            lines += [f'      url "{url}/{name}"', f'      sha256 "{sums[name]}"', "    end"]
        lines.append("  end")
    lines += [
        "",
        "  def install",
        '    bin.install "ecsail"',
        '    man1.install Dir["man/*.1"]',
        '    bash_completion.install "completions/ecsail.bash" => "ecsail"',
        '    zsh_completion.install "completions/_ecsail"',
        '    fish_completion.install "completions/ecsail.fish"',
        "  end",
        "",
        "  test do",
        '    assert_match version.to_s, shell_output("#{bin}/ecsail --version")',
        "  end",
        "end",
    ]
    return "\n".join(lines) + "\n"


def description():
    return re.search(r'^description = "(.+)"$', (ROOT / "Cargo.toml").read_text(encoding="utf-8"), re.MULTILINE).group(1)


if __name__ == "__main__":
    main()
