//! What one launch keeps for the next.

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// A value that is kept where it can be had without waiting.
///
/// A process may fork while another of its threads is in here; in the child nobody will ever open the
/// lock. So nobody waits for it: who finds it shut does without.
pub(super) struct Kept<T>(Mutex<Option<T>>);

impl<T: Clone> Kept<T> {
    pub const fn new() -> Kept<T> {
        Kept(Mutex::new(None))
    }

    /// The kept value, if there is one and it can be had now.
    pub fn get(&self) -> Option<T> {
        self.lock().and_then(|kept| kept.clone())
    }

    /// Keeps a value in place of the last, if that can be done now.
    pub fn set(&self, value: T) {
        let last = self.lock().map(|mut kept| kept.replace(value));
        // Dropped only here, when the lock is open again.
        drop(last);
    }

    fn lock(&self) -> Option<MutexGuard<'_, Option<T>>> {
        match self.0.try_lock() {
            Ok(kept) => Some(kept),
            Err(TryLockError::Poisoned(kept)) => Some(PoisonError::into_inner(kept)),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_waits() {
        let kept = Kept::new();
        assert_eq!(kept.get(), None);
        kept.set(1);
        let shut = kept.0.lock();
        assert_eq!(kept.get(), None);
        kept.set(2);
        drop(shut);
        assert_eq!(kept.get(), Some(1));
    }
}
