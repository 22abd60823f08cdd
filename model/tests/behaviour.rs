//! Wire traces are held against the models: what the models do is explained, what they cannot do
//! is not.
#![cfg(not(loom))]

#[path = "behaviour/by_hand.rs"]
mod by_hand;
mod common;
#[path = "behaviour/mutated.rs"]
mod mutated;
#[path = "behaviour/speed.rs"]
mod speed;
#[path = "behaviour/walks.rs"]
mod walks;
