# Builds a copy of zlib in the current directory and runs its own tests, after a word about where it runs.
set -e
for kind in cgroup ipc mnt net pid time user uts; do
    echo "namespace $kind $(readlink "/proc/self/ns/$kind" | tr -dc 0-9)"
done
echo "pid1 $(cat /proc/1/comm)"
echo "program $$"
echo "interfaces $(sed -n 's/^ *\([^ :]*\):.*/\1/p' /proc/net/dev | tr '\n' ' ')"
if (: > /usr/written-by-the-demo) 2> /dev/null; then
    echo "/usr is writable" >&2
    exit 1
fi
cp -R /source/. .
./configure
make -j2 check
