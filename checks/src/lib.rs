//! Checks of the whole repository: they use everything, and nothing uses them.
