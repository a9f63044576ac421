#!/usr/bin/env python3
"""Prints a software bill of materials (CycloneDX 1.5) of the crates that are linked into the ecsail binary for a target.

Lists what `scripts/third-party-licenses.py` lists. The same lock file gives the same bytes. Never connects to anything.

    scripts/sbom.py [--target TRIPLE]
"""

import argparse
import importlib.util
import json
import re
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main():
    licences = load("third-party-licenses")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", default=licences.host(), help="the target triple [default: this machine's]")
    target = parser.parse_args().target
    sums = checksums()
    version = load("targets").version()
    components = [component(package, sums) for package in licences.linked_packages(target)]
    own = {
        "type": "application",
        "bom-ref": f"pkg:cargo/ecsail@{version}",
        "name": "ecsail",
        "version": version,
        "licenses": [{"license": {"id": "MIT"}}],
        "purl": f"pkg:cargo/ecsail@{version}",
        "properties": [{"name": "target", "value": target}],
    }
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([own, components]))}",
        "version": 1,
        "metadata": {"component": own},
        "components": components,
    }
    print(json.dumps(document, indent=1))


def load(name):
    path = ROOT / "scripts" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name.replace("-", "_"), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def checksums():
    """Returns the SHA-256 sums of the lock file, by name and version."""
    found = {}
    for block in (ROOT / "Cargo.lock").read_text(encoding="utf-8").split("[[package]]")[1:]:
        values = dict(re.findall(r'^(name|version|checksum) = "(.+)"$', block, re.MULTILINE))
        found[values["name"], values["version"]] = values.get("checksum")
    return found


def component(package, sums):
    name, version = package["name"], package["version"]
    purl = f"pkg:cargo/{name}@{version}"
    # Older crates write `/` for `OR`.
    licence = package["license"].replace("/", " OR ")
    found = {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "licenses": [{"expression": licence}],
        "purl": purl,
    }
    digest = sums.get((name, version))
    if digest:
        found["hashes"] = [{"alg": "SHA-256", "content": digest}]
    return found


if __name__ == "__main__":
    main()
