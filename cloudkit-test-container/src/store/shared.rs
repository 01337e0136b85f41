//! One store for many requests: whose turn it is, and when what they have written is safe.
//!
//! A commit has to reach the disk, and the disk is slow. So a request that has written something does not commit while
//! others wait for their turn: it leaves its transaction open to them, and waits. Whoever finds nobody behind commits
//! for all. None of them is answered before that, and nobody is shown what they have written.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::{Store, StoreError};

/// The store of a container, used by one request at a time.
#[derive(Debug)]
pub(crate) struct SharedStore {
    store: Mutex<Store>,
    /// How many requests wait for their turn.
    waiting: AtomicUsize,
    in_memory: bool,
}

/// The turn of a request that writes. When it is dropped, what was written is committed, or left to who waits.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    shared: &'a SharedStore,
    store: MutexGuard<'a, Store>,
}

/// The requests that are committed together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Whether they were kept, once that is known.
    kept: Mutex<Option<bool>>,
    known: Condvar,
}

impl SharedStore {
    pub(crate) fn new(store: Store) -> Self {
        Self { in_memory: store.is_in_memory(), store: Mutex::new(store), waiting: AtomicUsize::new(0) }
    }

    /// Whether nothing outlives the process, and nothing waits for a disk.
    pub(crate) const fn is_in_memory(&self) -> bool {
        self.in_memory
    }

    /// The store, with nothing in it that may yet be undone.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Store> {
        let mut store = self.wait();
        // Those who wrote it are told if it fails.
        let _ = store.commit_batch();
        store
    }

    /// The store, for what may be committed together with others.
    pub(crate) fn write(&self) -> Turn<'_> {
        Turn { store: self.wait(), shared: self }
    }

    fn wait(&self) -> MutexGuard<'_, Store> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        store
    }
}

impl Turn<'_> {
    /// Runs `work` so that its failure undoes only itself. It is kept once [`commit`](Self::commit) says so.
    pub(crate) fn transaction<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&mut Store) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.shared.in_memory { self.store.transaction(work) } else { self.store.in_batch(work) }
    }

    /// Ends the turn, and returns when what was written is kept.
    pub(crate) fn commit(self) -> Result<(), StoreError> {
        let batch = self.store.batch.clone();
        drop(self);
        batch.map_or(Ok(()), |batch| batch.wait())
    }
}

impl Deref for Turn<'_> {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl DerefMut for Turn<'_> {
    fn deref_mut(&mut self) -> &mut Store {
        &mut self.store
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.store.undo_batch();
        } else if self.shared.waiting.load(Ordering::SeqCst) == 0 {
            // Those who wrote it are told if it fails.
            let _ = self.store.commit_batch();
        }
    }
}

impl Batch {
    fn wait(&self) -> Result<(), StoreError> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = self.known.wait_while(kept, |kept| kept.is_none());
        match *kept.unwrap_or_else(PoisonError::into_inner) {
            Some(true) => Ok(()),
            _ => Err(StoreError::NotKept),
        }
    }

    fn tell(&self, kept: bool) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        self.known.notify_all();
    }
}

impl Store {
    /// Runs `work` inside the transaction that is open for several requests.
    fn in_batch<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.batch.is_none() {
            self.begin()?;
            self.batch = Some(Arc::default());
        }
        self.savepoint(work)
    }

    /// Commits what several requests have written, and tells them.
    pub(crate) fn commit_batch(&mut self) -> Result<(), StoreError> {
        let Some(batch) = self.batch.take() else { return Ok(()) };
        let kept = self.commit();
        if let Err(error) = &kept {
            tracing::error!(%error, "what was written could not be committed");
            self.roll_back();
        }
        batch.tell(kept.is_ok());
        kept
    }

    fn undo_batch(&mut self) {
        let Some(batch) = self.batch.take() else { return };
        self.roll_back();
        batch.tell(false);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::thread;
    use std::time::Duration;

    use super::*;

    fn on_disk() -> (tempfile::TempDir, SharedStore) {
        let directory = tempfile::tempdir().expect("a directory");
        let store = Store::open(Some(directory.path()), Duration::ZERO).expect("opens");
        (directory, SharedStore::new(store))
    }

    fn set(turn: &mut Turn<'_>, name: &str) {
        turn.transaction(|store| store.write_meta(name, "set")).expect("written");
    }

    fn wait_for_waiters(shared: &SharedStore, count: usize) {
        while shared.waiting.load(Ordering::SeqCst) < count {
            thread::yield_now();
        }
    }

    #[test]
    fn who_finds_somebody_behind_is_committed_by_the_last() {
        let (_directory, shared) = on_disk();
        thread::scope(|scope| {
            let mut first = shared.write();
            set(&mut first, "first");
            let second = scope.spawn(|| {
                let mut second = shared.write();
                assert!(second.batch.is_some(), "the first has left its transaction open");
                set(&mut second, "second");
                second.commit()
            });
            wait_for_waiters(&shared, 1);
            first.commit().expect("kept");
            second.join().expect("no panic").expect("kept");
        });
        let store = shared.lock();
        assert!(store.batch.is_none());
        for name in ["first", "second"] {
            assert_eq!(store.read_meta(name).expect("read").as_deref(), Some("set"), "{name}");
        }
    }

    #[test]
    fn who_only_reads_commits_first() {
        let (_directory, shared) = on_disk();
        thread::scope(|scope| {
            let mut writer = shared.write();
            set(&mut writer, "written");
            let reader = scope.spawn(|| {
                let store = shared.lock();
                assert!(store.batch.is_none(), "what is read may not be undone any more");
                store.read_meta("written").expect("read")
            });
            wait_for_waiters(&shared, 1);
            writer.commit().expect("kept");
            assert_eq!(reader.join().expect("no panic").as_deref(), Some("set"));
        });
    }

    #[test]
    fn a_failure_undoes_only_itself() {
        let (_directory, shared) = on_disk();
        let mut turn = shared.write();
        set(&mut turn, "before");
        let failed: Result<(), StoreError> = turn.transaction(|store| {
            store.write_meta("failed", "set")?;
            Err(StoreError::DamagedSchema)
        });
        failed.expect_err("it failed");
        turn.commit().expect("kept");
        let store = shared.lock();
        assert_eq!(store.read_meta("before").expect("read").as_deref(), Some("set"));
        assert_eq!(store.read_meta("failed").expect("read"), None);
    }

    #[test]
    fn a_panic_leaves_nobody_waiting() {
        let (_directory, shared) = on_disk();
        thread::scope(|scope| {
            let mut first = shared.write();
            set(&mut first, "first");
            let second = scope.spawn(|| {
                catch_unwind(AssertUnwindSafe(|| {
                    let mut second = shared.write();
                    let _: Result<(), StoreError> = second.transaction(|_| panic!("a mistake"));
                }))
            });
            wait_for_waiters(&shared, 1);
            assert!(matches!(first.commit(), Err(StoreError::NotKept)));
            second.join().expect("caught").expect_err("it panicked");
        });
        assert_eq!(shared.lock().read_meta("first").expect("read"), None);
        let mut after = shared.write();
        set(&mut after, "after");
        after.commit().expect("kept");
    }

    #[test]
    fn what_is_committed_survives_and_what_is_not_does_not() {
        let (directory, shared) = on_disk();
        let mut turn = shared.write();
        set(&mut turn, "kept");
        turn.commit().expect("kept");
        let mut store = shared.store.into_inner().expect("not poisoned");
        store.in_batch(|store| store.write_meta("open", "set")).expect("written");
        drop(store);
        let store = Store::open(Some(directory.path()), Duration::ZERO).expect("opens");
        assert_eq!(store.read_meta("kept").expect("read").as_deref(), Some("set"));
        assert_eq!(store.read_meta("open").expect("read"), None);
    }
}
