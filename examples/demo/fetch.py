"""Copies zlib's source, which cargo fetches with its crate, into a directory.

    fetch.py TARGET
"""

import json
import os
import shutil
import subprocess
import sys


def main():
    target = sys.argv[1]
    manifest = os.path.join(os.path.dirname(os.path.abspath(__file__)), "zlib", "Cargo.toml")
    cargo = os.environ.get("CARGO", "cargo")
    command = [cargo, "metadata", "--locked", "--format-version", "1", "--manifest-path", manifest]
    packages = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)["packages"]
    crate = next(package for package in packages if package["name"] == "libz-sys")
    source = os.path.join(os.path.dirname(crate["manifest_path"]), "src", "zlib")
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    # The job of a root caller is another user, whatever the umask was when cargo unpacked the crate.
    for directory, _, files in os.walk(target):
        os.chmod(directory, 0o755)
        for name in files:
            path = os.path.join(directory, name)
            os.chmod(path, os.stat(path).st_mode | 0o444)


if __name__ == "__main__":
    main()
