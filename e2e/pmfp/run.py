"""Runs commands of pmfp.

Standard input is a JSON list of {"dir": FOLDER, "args": [ARGUMENT...]}. Each command runs in its folder, in a process
of its own, in the order of the list. Standard output is a JSON list of what each printed, followed by its error.
"""

import io
import json
import os
import sys
import tempfile
import traceback
import types

try:
    import tkinter  # noqa: F401
except ImportError:  # not part of every Python. pmfp imports one constant of it, and does not use it
    sys.modules["tkinter"] = types.SimpleNamespace(E="e")

from pmfp.entrypoint import ppm


def run(job: dict) -> str:
    """Run one command in a forked process: pmfp keeps its options in global objects."""
    with tempfile.TemporaryFile() as output:
        pid = os.fork()
        if pid == 0:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            sys.stdin = io.StringIO("\n" * 100)  # the answers to questions: the defaults
            try:
                os.chdir(job["dir"])
                ppm(job["args"])
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(0)
        os.waitpid(pid, 0)
        output.seek(0)
        return output.read().decode(errors="replace")


json.dump([run(job) for job in json.load(sys.stdin)], sys.stdout)
