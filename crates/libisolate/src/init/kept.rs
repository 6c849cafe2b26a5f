//! What one launch keeps for the next.

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// A value that is kept where it can be had without waiting.
///
/// A process may fork while another of its threads is in here; in the child nobody will ever open the
/// lock. So nobody waits for long: who finds it shut does without.
pub(crate) struct Kept<T>(Mutex<Option<T>>);

/// The lock did not open in time.
#[derive(Debug, PartialEq)]
pub(crate) struct Shut;

/// It is held for the copy of a pointer or a few facts.
const TRIES: u32 = 1000;

impl<T: Clone> Kept<T> {
    pub const fn new() -> Kept<T> {
        Kept(Mutex::new(None))
    }

    /// The kept value, if there is one.
    pub fn get(&self) -> Result<Option<T>, Shut> {
        self.lock().map(|kept| kept.clone())
    }

    /// Keeps a value in place of the last, if that can be done now.
    pub fn set(&self, value: T) {
        let last = self.lock().map(|mut kept| kept.replace(value));
        // Dropped only here, when the lock is open again.
        drop(last);
    }

    fn lock(&self) -> Result<MutexGuard<'_, Option<T>>, Shut> {
        for _ in 0..TRIES {
            match self.0.try_lock() {
                Ok(kept) => return Ok(kept),
                Err(TryLockError::Poisoned(kept)) => return Ok(PoisonError::into_inner(kept)),
                Err(TryLockError::WouldBlock) => std::thread::yield_now(),
            }
        }
        Err(Shut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_waits() {
        let kept = Kept::new();
        assert_eq!(kept.get(), Ok(None));
        kept.set(1);
        let shut = kept.0.lock();
        assert_eq!(kept.get(), Err(Shut));
        kept.set(2);
        drop(shut);
        assert_eq!(kept.get(), Ok(Some(1)));
    }
}
