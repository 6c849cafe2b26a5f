"""Runs the spec in a JSON file and prints one line: how the job ended, or the error that kept it from starting."""

import base64
import json
import sys

import libisolate as iso

line = dict.fromkeys(["reason", "exit_code", "signal", "stdout", "error_kind", "error"])
try:
    with open(sys.argv[1], encoding="utf-8") as file:
        spec = iso.Spec.from_json(file.read())
    outcome = iso.run(spec)
    line.update(reason=outcome.reason, exit_code=outcome.exit_code, signal=outcome.signal)
    if outcome.stdout is not None:
        try:
            line["stdout"] = outcome.stdout.decode()
        except UnicodeDecodeError:
            line["stdout"] = {"base64": base64.b64encode(outcome.stdout).decode()}
except iso.IsolateError as error:
    line.update(error_kind=error.kind, error=str(error))
print(json.dumps(line, ensure_ascii=False, separators=(",", ":")))
