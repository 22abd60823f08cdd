//! The models of captp-gc: worlds of two vats, explored exhaustively.
//!
//! | module | is |
//! |---|---|
//! | [`world`] | two vats, their applications and collectors, and the channels between them |
//! | [`protocol`] | what is under test, behind one trait; one file a system |
//! | [`property`] | what must hold, judged on a ledger that the protocol does not keep |

pub mod engine;
pub mod mutation;
pub mod names;
pub mod property;
pub mod protocol;
pub mod sizes;
pub mod world;
