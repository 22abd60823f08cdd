//! Two whole sessions with a wire between them, and several threads on each side.
