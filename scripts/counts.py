"""What the runners of tests say, read: cargo test, the C and parity runners, pytest, node:test."""
import re
import sys

SKIP = re.compile(r"\s*(?:SKIPPED|skipped) (?:\[\d+\] )?(?P<test>\S+?): (?P<reason>.*)")
NODE_SKIP = re.compile(r"\s*ok \d+ - (?P<test>.*) # SKIP (?P<reason>.*)")


def plain(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def line_counts(line):
    """Passed, failed and skipped of a line that sums up; None for any other."""
    if m := re.match(r"test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored", line):
        found = m.groups()
    elif m := re.match(r"(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", line):
        found = m.groups()
    elif line.startswith("=") and re.search(r"\d+ (passed|failed|skipped)", line):
        found = [next(iter(re.findall(rf"(\d+) {word}", line)), 0) for word in ("passed", "failed", "skipped")]
    elif m := re.match(r"(?:#|ℹ) (pass|fail|skipped) (\d+)", line):
        found = [int(m[2]) if m[1] == word else 0 for word in ("pass", "fail", "skipped")]
    elif re.match(r"\s*SKIPPED ", line):
        found = (0, 0, 1)
    else:
        return None
    return tuple(int(n or 0) for n in found)


def counts(text):
    """Passed, failed and skipped over all."""
    found = [line_counts(line) for line in plain(text).splitlines()]
    return tuple(sum(column) for column in zip((0, 0, 0), *(each for each in found if each)))


def reasons(text):
    """The tests that were skipped for each reason."""
    found = {}
    for line in plain(text).splitlines():
        if m := SKIP.match(line) or NODE_SKIP.match(line):
            found.setdefault(m["reason"], []).append(m["test"])
    return found


def main(log, failures):
    with open(log, errors="replace") as file:
        text = file.read()
    for reason, tests in sorted(reasons(text).items()):
        print(f"skipped {len(tests)}: {reason}")
    passed, failed, skipped = counts(text)
    print(f"{passed} passed, {max(failed, failures)} failed, {skipped} skipped")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
