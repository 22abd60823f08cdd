//! A panic in the implementation is caught, and told of in words with the line that it came from.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::path::Path;
use std::sync::Once;

thread_local! {
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// From now on, notes where panics come from, and says so in a line: no backtrace, which takes
/// more memory than everything else here, and keeps it.
pub(crate) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        set_hook(Box::new(|panic| {
            let place = panic.location().map(|location| {
                let file = Path::new(location.file()).file_name().unwrap_or_default();
                format!(" ({}:{})", file.display(), location.line())
            });
            PLACE.set(place);
            eprintln!("{panic}");
        }));
    });
}

/// What a caught panic says.
pub(crate) fn text(panic: &(dyn Any + Send)) -> String {
    let words = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without words");
    format!("panic: {words}{}", PLACE.take().unwrap_or_default())
}

/// Does something that may panic. What it leaves half done is the implementation's to answer for.
pub(crate) fn catch<T>(act: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(act)).map_err(|panic| text(&*panic))
}
