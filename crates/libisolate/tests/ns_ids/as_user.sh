# sh -c THIS sh PREPARE PROGRAM...: in a mount namespace of its own, as root: gives user 65531 a name and
# subordinate ids, does PREPARE, then runs the program as that user.
set -eu
dir=$(mktemp -d)
for file in passwd subuid subgid; do
    cat "/etc/$file" >"$dir/$file"
done
echo "isolate-ids:x:65531:65531::/nonexistent:/bin/sh" >>"$dir/passwd"
for file in subuid subgid; do
    printf 'isolate-other:1000000:5000\nisolate-ids:2000000:1000\nnonsense\n65531:2001000:500\n' >>"$dir/$file"
done
chmod 755 "$dir"
chmod 644 "$dir"/*
for file in passwd subuid subgid; do
    mount --bind "$dir/$file" "/etc/$file"
done
prepare=$1
shift
eval "$prepare"
# The mounts keep what they need.
rm -rf "$dir"
exec setpriv --reuid 65531 --regid 65531 --clear-groups --inh-caps=-all $user_options "$@"
