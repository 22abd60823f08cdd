//! The adapter is driven as `model conform` drives it: a child process, JSON lines on its streams.
#![cfg(not(loom))]

mod counting;
mod peer;
mod promises;
mod questions;
mod refusing;
mod sessions;
