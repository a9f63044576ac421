"""Runs a program in a pseudo-terminal, types answers to what it shows, and writes all that it wrote to stdout.

Usage: drive.py COLUMNS ROWS STEPS PROGRAM ARGUMENT…

STEPS is a JSON list of pairs: a text to wait for, and what is typed then. Exits with the code of the program; with 124 and a
message on stderr where a text does not come within a minute.
"""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

columns, rows, steps = int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
child, terminal = pty.fork()
if child == 0:
    # The size is set before the program starts.
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.execvp(sys.argv[4], sys.argv[4:])

written, seen, deadline = b"", 0, time.monotonic() + 60
while True:
    ready, _, _ = select.select([terminal], [], [], 1)
    if ready:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            part = b""
        if not part:
            break
        written += part
    if steps and (at := written.find(steps[0][0].encode(), seen)) >= 0:
        seen = at + len(steps[0][0].encode())
        os.write(terminal, steps.pop(0)[1].encode())
    if time.monotonic() > deadline:
        os.kill(child, signal.SIGKILL)
        sys.stderr.write(f"nothing came within a minute; waiting for: {steps[:1]}\n{written.decode()}")
        sys.exit(124)

_, status = os.waitpid(child, 0)
sys.stdout.buffer.write(written)
if steps:
    sys.stderr.write(f"never shown: {steps[0][0]}\n")
    sys.exit(124)
sys.exit(os.waitstatus_to_exitcode(status) % 256)
