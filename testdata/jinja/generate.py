#!/usr/bin/env python3
"""Write golden.jsonl: the result of Python's Jinja2 for each case in cases.jsonl.

Run it with a Python that has Jinja2 3.1.6:  python generate.py

The first row of cases.jsonl has the keys that all cases share. Each other row is a case: a name, a
template, and optionally more keys, files (templates that the template can include) and lenient
(undefined names render as empty text). Each row of golden.jsonl has the name of the case and its
output, or the class of the error, or unstable if the output is random or contains a memory address.
"""

import copy
import json
import pathlib
import re

import jinja2

HERE = pathlib.Path(__file__).parent


def render(case, keys):
    environment = jinja2.Environment(
        loader=jinja2.DictLoader(case.get("files", {})),
        undefined=jinja2.Undefined if case.get("lenient") else jinja2.StrictUndefined,
    )
    template = environment.from_string(case["template"])
    return template.render(copy.deepcopy({**keys, **case.get("keys", {})}))


def main():
    rows = [json.loads(line) for line in (HERE / "cases.jsonl").read_text("utf-8").split("\n") if line]
    golden = []
    for case in rows[1:]:
        result = {"name": case["name"]}
        try:
            output = render(case, rows[0]["keys"])
            if re.search(r" at 0x[0-9a-f]{6}", output) or output != render(case, rows[0]["keys"]):
                result["unstable"] = True
            else:
                result["output"] = output
        except Exception as error:
            result["error"] = type(error).__name__
        golden.append(json.dumps(result) + "\n")
    (HERE / "golden.jsonl").write_text("".join(golden), "utf-8")


main()
