//! Link arguments of an addon. Among them `nodelete`: the reactor's thread outlives the worker that
//! loaded the addon, so its code must stay mapped.

fn main() {
    napi_build::setup();
}
