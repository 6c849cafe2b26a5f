"""Runs the specs in JSON files, whose paths come on stdin, and prints a line of JSON for each: how the job
ended, or the error that kept it from starting. A path after the word "steps" is of a list of calls.

With --options the spec goes in as keywords of run() instead of text.
"""

import base64
import json
import sys

import libisolate as iso

import steps

OUTCOME = ("reason", "exit_code", "signal", "stdout", "stderr", "stdout_cut", "stderr_cut")
KEYS = (*OUTCOME, "shell_status", "error_kind", "error", "stage", "subject", "errno")


def plain(value):
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}


def line(text, options):
    found = dict.fromkeys(KEYS)
    try:
        outcome = iso.run(**json.loads(text)) if options else iso.run(iso.Spec.from_json(text))
        found.update((key, plain(getattr(outcome, key))) for key in OUTCOME)
        found["shell_status"] = outcome.shell_status
    except iso.IsolateError as error:
        found.update(error_kind=error.kind, error=str(error), stage=error.stage)
        found.update(subject=error.subject, errno=error.errno)
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def calls(text):
    return json.dumps(steps.results(json.loads(text)), ensure_ascii=False, separators=(",", ":"))


for path in sys.stdin:
    path = path.rstrip("\n")
    with open(path.removeprefix("steps "), encoding="utf-8") as file:
        text = file.read()
    print(calls(text) if path.startswith("steps ") else line(text, "--options" in sys.argv), flush=True)
