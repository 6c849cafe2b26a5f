"""The calls on cgroups, and conversions, for lists of calls."""

import dataclasses

import libisolate as iso
from libisolate import Cgroup, convert

WATCHES = {
    "threshold": iso.ThresholdWatch,
    "pressure": iso.PressureWatch,
    "pressure_level": iso.PressureLevelWatch,
}


def wire(value):
    """What the library tells, as the wire has it: what is absent is left out."""
    if isinstance(value, (list, tuple)):
        return [wire(item) for item in value]
    if isinstance(value, dict):
        return {key: wire(item) for key, item in value.items()}
    if not dataclasses.is_dataclass(value):
        return value
    fields = ((field, getattr(value, field.name)) for field in dataclasses.fields(value))
    return {field.name: wire(found) for field, found in fields if not absent(field, found)}


def absent(field, value):
    return (value is None and field.default is None) or (value == {} and field.default_factory is dict)


def watch(given):
    """A word, or an object with one key."""
    if isinstance(given, str):
        return given
    ((word, fields),) = given.items()
    return WATCHES[word](**fields)


def of(method, *names, told=lambda value: value):
    """A method of a group, with the arguments that the step names."""

    def call(self, step):
        arguments = [self.value(step[name]) for name in names if name in step]
        return told(getattr(self.get(step["of"]), method)(*arguments))

    return call


def ids(method, name):
    return lambda self, step: getattr(self.get(step["of"]), method)(*(self.value(number) for number in step[name]))


def members(method):
    return lambda self, step: getattr(self.get(step["of"]), method)(recursive=step.get("recursive", False))


def create(self, step):
    options = {name: step[name] for name in ("parent", "controllers", "driver", "slice") if name in step}
    return Cgroup.create(step["name"], **options)


def set_notify(self, step):
    self.get(step["of"]).notify_on_release = step["to"]


def limits(method):
    return lambda self, step: wire(list(getattr(self.get(step["of"]), method)(step["limits"]).values()))


def converted(function, *names):
    return lambda self, step: function(*(step[name] for name in names if name in step))


CALLS = {
    "cgroup_create": create,
    "cgroup_open": lambda self, s: Cgroup.open(s["path"]),
    "cgroup_own": lambda self, s: Cgroup.own(),
    "cgroup_of_process": lambda self, s: Cgroup.of_process(self.value(s["pid"])),
    "cgroup_create_child": lambda self, s: self.get(s["of"]).create_child(
        s["name"], controllers=s.get("controllers")
    ),
    "cgroup_child": of("child", "name"),
    "cgroup_path": lambda self, s: self.get(s["of"]).path,
    "cgroup_unit": lambda self, s: self.get(s["of"]).unit,
    "cgroup_places": of("places", told=wire),
    "cgroup_controllers": of("controllers"),
    "cgroup_children": of("children"),
    "cgroup_attach": ids("attach", "pids"),
    "cgroup_attach_threads": ids("attach_threads", "tids"),
    "cgroup_processes": members("processes"),
    "cgroup_threads": members("threads"),
    "cgroup_freeze": of("freeze", "timeout"),
    "cgroup_thaw": of("thaw", "timeout"),
    "cgroup_is_frozen": of("is_frozen"),
    "cgroup_is_populated": of("is_populated"),
    "cgroup_kill": of("kill"),
    "cgroup_remove": of("remove"),
    "cgroup_close": of("close"),
    "cgroup_delegate": lambda self, s: self.get(s["of"]).delegate(s.get("uid"), s.get("gid")),
    "cgroup_get": of("get", "file"),
    "cgroup_set": of("set", "file", "to"),
    "cgroup_apply": limits("apply"),
    "cgroup_stat": lambda self, s: wire(self.get(s["of"]).stat(*s.get("kinds", []))),
    "cgroup_events": lambda self, s: self.get(s["of"]).events(*map(watch, s.get("watches", []))),
    "cgroup_events_wait": of("wait", told=wire),
    "cgroup_events_close": of("close"),
    "cgroup_memory": of("memory", "value"),
    "cgroup_set_memory": of("set_memory", "value", "to"),
    "cgroup_reset_memory": of("reset_memory", "value"),
    "cgroup_oom_control": of("oom_control", told=wire),
    "cgroup_set_oom_pause": of("set_oom_pause", "to"),
    "cgroup_reclaim": of("reclaim", "bytes"),
    "cgroup_explain_device": of("explain_device", "device", "access", told=wire),
    "cgroup_notify_on_release": lambda self, s: self.get(s["of"]).notify_on_release,
    "cgroup_set_notify_on_release": set_notify,
    "cgroup_release_agent": of("release_agent", "hierarchy"),
    "cgroup_set_release_agent": of("set_release_agent", "hierarchy", "to"),
    "job_cgroup": of("cgroup"),
    "job_update": limits("update"),
    "convert_shares_to_weight": converted(convert.shares_to_weight, "shares", "rule"),
    "convert_weight_to_shares": converted(convert.weight_to_shares, "weight", "rule"),
    "convert_blkio_to_io_weight": converted(convert.blkio_to_io_weight, "weight", "rule"),
    "convert_io_to_blkio_weight": converted(convert.io_to_blkio_weight, "weight", "rule"),
    "convert_swap_max": converted(convert.swap_max, "memsw", "limit"),
    "convert_memsw_limit": converted(convert.memsw_limit, "swap", "limit"),
    "convert_cpu_max": converted(convert.cpu_max, "quota", "period"),
    "convert_quota_of": converted(convert.quota_of, "cpus", "period"),
}
