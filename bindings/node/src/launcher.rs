//! Threads that start jobs, and do what else may sleep for a while (the clone, the mounts, on v1 the
//! cgroup): it must stall neither JavaScript nor the four threads of libuv's pool that all file work needs.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ns::thread::was_moved;

type Task = Box<dyn FnOnce() + Send>;

/// More would only queue in the kernel, which makes namespaces under a few global locks.
const MAX_THREADS: usize = 4;
/// How long a thread without work stays.
const LINGER: Duration = Duration::from_secs(2);

struct State {
    tasks: VecDeque<Task>,
    threads: usize,
    idle: usize,
}

static STATE: Mutex<State> = Mutex::new(State {
    tasks: VecDeque::new(),
    threads: 0,
    idle: 0,
});
static WORK: Condvar = Condvar::new();

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `task` on a launching thread. Tasks start in order. `false` when no thread could be had.
///
/// On a thread that was moved into other namespaces it runs there, at once: that is where the caller means
/// it to work, and a launching thread born there would stay there and serve others.
pub fn submit(task: impl FnOnce() + Send + 'static) -> bool {
    if was_moved() {
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(task));
        return true;
    }
    let mut state = state();
    state.tasks.push_back(Box::new(task));
    if state.idle >= state.tasks.len() || state.threads == MAX_THREADS {
        WORK.notify_one();
        return true;
    }
    let started = std::thread::Builder::new()
        .name("isolate-launch".into())
        .spawn(work)
        .is_ok();
    if started {
        state.threads += 1;
    } else if state.threads == 0 {
        state.tasks.pop_back();
        return false;
    }
    true
}

fn work() {
    let mut guard = state();
    loop {
        if let Some(task) = guard.tasks.pop_front() {
            drop(guard);
            // The tasks settle their own promises; a panic in one must not end the thread uncounted.
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(task));
            guard = state();
            continue;
        }
        guard.idle += 1;
        let (back, timeout) = WORK
            .wait_timeout(guard, LINGER)
            .unwrap_or_else(PoisonError::into_inner);
        guard = back;
        guard.idle -= 1;
        if timeout.timed_out() && guard.tasks.is_empty() {
            guard.threads -= 1;
            return;
        }
    }
}
