//! The ways to bend a protocol, of every system.

pub use super::capnp::CapnpBend;
pub use super::e::EBend;

/// One way of getting a protocol wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(missing_docs, reason = "each is the system's own list")]
pub enum Bend {
    E(EBend),
    Capnp(CapnpBend),
}
