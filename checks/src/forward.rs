//! What loom's primitives and shuttle's have in common: the same names, and the same signatures.

/// Implements [`Primitives`](captp_gc::sync::Primitives) and
/// [`Explorer`](crate::explorer::Explorer) on the types of a checker. What the checkers do not do
/// alike is given.
macro_rules! primitives {
    (
        $checker:ident: $primitives:ident, $word:ident, $lock:ident, $slots:literal slots to a page;
        pick: $pick:item
        word: $($own:item)*
    ) => {
        impl<const DEFECT: usize> captp_gc::sync::Primitives for $primitives<DEFECT> {
            type Word = $word;
            type Lock<T: Send + std::fmt::Debug> = $lock<T>;
            type Shared<T: Send + Sync + 'static> = std::sync::Arc<T>;
            type Slots = [$word; $slots];

            const DEFECT: Option<captp_gc::table::Defect> = crate::planted::defect(DEFECT);

            fn share<T: Send + Sync + 'static>(value: T) -> std::sync::Arc<T> {
                std::sync::Arc::new(value)
            }

            fn slots() -> Self::Slots {
                std::array::from_fn(|_| captp_gc::sync::Word::new(0))
            }
        }

        impl<const DEFECT: usize> crate::explorer::Explorer for $primitives<DEFECT> {
            type Thread<T: Send + 'static> = $checker::thread::JoinHandle<T>;

            fn spawn<T: Send + 'static>(
                run: impl FnOnce() -> T + Send + 'static,
            ) -> Self::Thread<T> {
                $checker::thread::spawn(run)
            }

            fn join<T: Send + 'static>(thread: Self::Thread<T>) -> T {
                thread.join().expect("the thread panicked")
            }

            $pick
        }

        impl<T: Send + std::fmt::Debug> captp_gc::sync::Lock<T> for $lock<T> {
            fn new(value: T) -> Self {
                Self($checker::sync::Mutex::new(value))
            }

            fn with<R>(&self, critical: impl FnOnce(&mut T) -> R) -> R {
                critical(&mut self.0.lock().expect("no user code runs under the tables' locks"))
            }
        }

        impl captp_gc::sync::Word for $word {
            fn new(value: u64) -> Self {
                Self($checker::sync::atomic::AtomicU64::new(value))
            }
            fn load(&self, order: Ordering) -> u64 {
                self.0.load(order)
            }
            fn swap(&self, value: u64, order: Ordering) -> u64 {
                self.0.swap(value, order)
            }
            fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
                self.0.fetch_add(value, order)
            }
            fn fetch_sub(&self, value: u64, order: Ordering) -> u64 {
                self.0.fetch_sub(value, order)
            }
            fn fetch_or(&self, value: u64, order: Ordering) -> u64 {
                self.0.fetch_or(value, order)
            }
            fn compare_exchange_weak(
                &self,
                current: u64,
                new: u64,
                success: Ordering,
                failure: Ordering,
            ) -> Result<u64, u64> {
                self.0.compare_exchange_weak(current, new, success, failure)
            }

            $($own)*
        }
    };
}
pub(crate) use primitives;
