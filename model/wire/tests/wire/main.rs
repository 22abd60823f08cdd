//! Wire traces: read, written, and held against the rules of the systems.
#![cfg(not(loom))]

mod counts;
mod effect;
mod honest;
mod inside;
mod order;
mod questions;
mod read;
mod round_trip;
mod say;
mod schema;
mod systems;
mod traces;
