"""Runs lists of small calls on namespaces and cgroups, whose JSON it is given, and gives what each came to."""

import binascii
import dataclasses
import os
import threading

import libisolate as iso
from libisolate import Cgroup, Namespace
from steps_cgroup import CALLS as CGROUP_CALLS


def plain(value):
    """A value as JSON has it."""
    if isinstance(value, Namespace):
        return str(value)
    if isinstance(value, Cgroup):
        return value.path
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) else value


def look(path):
    """What a link points to, or a file holds."""
    try:
        return os.readlink(path)
    except OSError:
        with open(path, encoding="utf-8") as file:
            return file.read()


def on_a_thread(move, path):
    """What a thread of its own sees once it has moved, or why it could not."""
    found = []

    def body():
        try:
            move()
            found.append(look(path))
        except iso.IsolateError as error:
            found.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    if isinstance(found[0], iso.IsolateError):
        raise found[0]
    return found[0]


def ended(outcome):
    text = {name: (getattr(outcome, name) or b"").decode() for name in ("stdout", "stderr")}
    return {"reason": outcome.reason, "exit_code": outcome.exit_code, **text}


class Steps:
    """One list: what its calls have made so far, by name."""

    def __init__(self):
        self.made = {}

    def get(self, name):
        """A handle, set, job or number; `a.uts` is a member of a set, `$p` a number or text."""
        owner, _, kind = name.lstrip("$").partition(".")
        return self.made[owner][kind] if kind else self.made[owner]

    def value(self, given):
        return self.get(given) if isinstance(given, str) and given.startswith("$") else given

    def all(self, names):
        return [self.get(name) for name in names]

    def spec(self, step, key="spec"):
        spec = dict(step.get(key, {}))
        joined = {handle.kind: handle for handle in self.all(step.get("join", []))}
        if joined:
            spec["namespaces"] = {**spec.get("namespaces", {}), **joined}
        return spec

    def create(self, step):
        return iso.create_namespaces(step["kinds"], **self.spec(step, "settings"))

    def socket(self, step):
        made = self.get(step["of"]).socket(step.get("family", 2), step.get("type", 1))
        made.listen()
        return made

    def enter(self, step):
        with iso.entered(*self.all(step["of"])) as inside:
            return inside(look, step["read"])

    def set_name(self, which, step):
        setattr(self.get(step["of"]), which, step["to"])

    def translate(self, which, step):
        ends = {"from_": self.get(step["from"]), "to": self.get(step["to"])}
        return which(self.value(step["number"]), **ends)

    def id_maps(self, step):
        maps = dict(step["maps"])
        for key in ("uid", "gid"):
            maps[key] = [iso.IdMap(**line) for line in maps.get(key, [])]
        iso.write_id_maps(self.value(step["pid"]), iso.IdMaps(**maps))

    def exec(self, step):
        with self.get(step["of"]).exec(**self.spec(step)) as job:
            return ended(job.wait())

    def run(self, step):
        """What one call came to."""
        try:
            result = CALLS[step["call"]](self, step)
        except iso.IsolateError as error:
            known = {"kind": error.kind, "errno": error.errno, "stage": error.stage}
            return {"error": {**known, "message": str(error)}}
        if isinstance(result, iso.NamespaceSet):
            shown = [str(member) for member in result.values()]
        elif isinstance(result, (iso.Job, iso.Events)) or hasattr(result, "detach"):
            shown = None
        else:
            shown = plain(result)
        name = step.get("as", f"#{len(self.made)}" if hasattr(result, "close") else None)
        if name:
            self.made[name] = result
        return shown

    def close(self):
        for thing in reversed(self.made.values()):
            if isinstance(thing, Cgroup):
                # Takes away one that was made.
                thing.__exit__(None, None, None)
            elif hasattr(thing, "close"):
                thing.close()


def of(method):
    """A call that is a method or property of one thing."""

    def call(self, step):
        found = getattr(self.get(step["of"]), method)
        return found() if callable(found) else found

    return call


def by_pid(function):
    return lambda self, step: function(self.value(step["pid"]))


CALLS = {
    "kinds": lambda self, s: iso.namespace_kinds(),
    "of_thread": lambda self, s: Namespace.of_thread(s["kind"]),
    "of_process": lambda self, s: Namespace.of_process(self.value(s["pid"]), s["kind"]),
    "of_children": lambda self, s: Namespace.of_children(self.value(s["pid"]), s["kind"]),
    "of_pidfd": lambda self, s: Namespace.of_pidfd(s["fd"], s["kind"]),
    "open": lambda self, s: Namespace.open(s["path"]),
    "of_fd": lambda self, s: Namespace.of_fd(self.value(s["fd"])),
    "of_file_handle": lambda self, s: Namespace.of_file_handle(binascii.unhexlify(self.value(s["bytes"]))),
    "of_kernel_id": lambda self, s: Namespace.of_kernel_id(self.value(s["id"])),
    "named": lambda self, s: Namespace.named(s["name"]),
    "copy": of("dup"),
    "parent": of("parent"),
    "owner": of("owner"),
    "next_mount_namespace": of("next_mount_namespace"),
    "previous_mount_namespace": of("previous_mount_namespace"),
    "equal": lambda self, s: self.get(s["of"]) == self.get(s["to"]),
    "kind": of("kind"),
    "inode": of("inode"),
    "fd": of("fileno"),
    "is_initial": of("is_initial"),
    "kernel_id": of("kernel_id"),
    "file_handle": lambda self, s: self.get(s["of"]).file_handle().hex(),
    "owner_uid": of("owner_uid"),
    "mount_info": of("mount_info"),
    "mount_namespace_id": of("mount_namespace_id"),
    "create": Steps.create,
    "holder_pid": of("holder_pid"),
    "close": of("close"),
    "hostname": of("hostname"),
    "set_hostname": lambda self, s: self.set_name("hostname", s),
    "domainname": of("domainname"),
    "set_domainname": lambda self, s: self.set_name("domainname", s),
    "sysctl": lambda self, s: self.get(s["of"]).sysctl(s["name"]),
    "set_sysctl": lambda self, s: self.get(s["of"]).set_sysctl(s["name"], s["to"]),
    "time_offsets": of("time_offsets"),
    "time_offsets_of": by_pid(iso.time_offsets_of),
    "set_time_offsets": lambda self, s: iso.set_time_offsets(self.value(s["pid"]), iso.TimeOffsets(**s["offsets"])),
    "socket": Steps.socket,
    "cgroup_paths": lambda self, s: self.get(s["of"]).cgroup_paths(self.value(s["pid"])),
    "cgroup_paths_of": by_pid(iso.cgroup_paths),
    "id_maps": of("id_maps"),
    "id_maps_of": by_pid(iso.id_maps),
    "write_id_maps": Steps.id_maps,
    "subordinate_ids": lambda self, s: iso.subordinate_ids(),
    "translate_pid": lambda self, s: self.translate(iso.translate_pid, s),
    "translate_uid": lambda self, s: self.translate(iso.translate_uid, s),
    "translate_gid": lambda self, s: self.translate(iso.translate_gid, s),
    "persist": lambda self, s: self.get(s["of"]).persist(s["path"]),
    "unpersist": lambda self, s: iso.unpersist(s["path"]),
    "persist_name": lambda self, s: self.get(s["of"]).persist_name(s["name"]) and None,
    "unpersist_name": lambda self, s: iso.unpersist_name(s["name"]),
    "persisted": lambda self, s: iso.persisted_namespaces(),
    "processes": of("processes"),
    "list": lambda self, s: iso.list_namespaces(),
    "tree": lambda self, s: iso.namespace_tree(),
    "doctor": lambda self, s: iso.doctor(),
    "enter": Steps.enter,
    "enter_thread": lambda self, s: on_a_thread(lambda: iso.enter_thread(*self.all(s["of"])), s["read"]),
    "enter_thread_pidfd": lambda self, s: on_a_thread(
        lambda: iso.enter_thread_pidfd(s["fd"], s["kinds"]), s["read"]
    ),
    "unshare_thread": lambda self, s: on_a_thread(lambda: iso.unshare_thread(s["kinds"]), s["read"]),
    "run": lambda self, s: ended(iso.run(**self.spec(s))),
    "spawn": lambda self, s: iso.spawn(**self.spec(s)),
    "exec": Steps.exec,
    "namespace": lambda self, s: self.get(s["of"]).namespace(s["kind"]),
    "pid": of("pid"),
    "kill": of("kill"),
    "wait": lambda self, s: ended(self.get(s["of"]).wait()),
    **CGROUP_CALLS,
}


def results(steps):
    """What every call of a list came to; nothing of it is left."""
    run = Steps()
    try:
        return [run.run(step) for step in steps]
    finally:
        run.close()
