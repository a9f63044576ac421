#!/usr/bin/env python3
"""Packs a folder into a `.tar.gz` or a `.zip` whose bytes depend on nothing but the files and the time that is given.

    scripts/pack.py FOLDER ARCHIVE SECONDS
"""

import gzip
import io
import sys
import tarfile
import time
import zipfile
from pathlib import Path


def main():
    folder, archive, seconds = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    entries = sorted([folder, *folder.rglob("*")], key=lambda path: path.relative_to(folder.parent).as_posix())
    if archive.suffix == ".zip":
        write_zip(folder, entries, archive, seconds)
    else:
        write_tar(folder, entries, archive, seconds)


def mode(path):
    # Modes do not depend on the umask of the checkout. Windows has no executable files of its own.
    return 0o755 if path.is_dir() or path.name == "ecsail" else 0o644


def write_tar(folder, entries, archive, seconds):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path in entries:
            info = tarfile.TarInfo(path.relative_to(folder.parent).as_posix())
            info.mtime = seconds
            info.mode = mode(path)
            if path.is_dir():
                info.type = tarfile.DIRTYPE
                tar.addfile(info)
                continue
            info.size = path.stat().st_size
            with path.open("rb") as file:
                tar.addfile(info, file)
    with archive.open("wb") as file, gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as stream:
        stream.write(buffer.getvalue())


def write_zip(folder, entries, archive, seconds):
    # The first year that a zip can name is 1980.
    date = max(time.gmtime(seconds)[:6], (1980, 1, 1, 0, 0, 0))
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in entries:
            if path.is_file():
                info = zipfile.ZipInfo(path.relative_to(folder.parent).as_posix(), date)
                info.external_attr = mode(path) << 16
                info.compress_type = zipfile.ZIP_DEFLATED
                # The default names the system that packs.
                info.create_system = 3
                file.writestr(info, path.read_bytes())


if __name__ == "__main__":
    main()
