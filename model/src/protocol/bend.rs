//! The ways to bend a protocol, of every system.

pub use super::capnp::CapnpBend;
pub use super::capnweb::WebBend;
pub use super::e::EBend;
pub use super::endo_captp::EndoBend;
pub use super::es::EsBend;
pub use super::go_capnp::GoBend;
pub use super::indirect::IndirectBend;
pub use super::netobj::NetObjBend;
pub use super::ocapn::OcapnBend;
pub use super::swingset::SwingSetBend;
pub use super::weighted::WeightedBend;

/// One way of getting a protocol wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(missing_docs, reason = "each is the system's own list")]
pub enum Bend {
    E(EBend),
    Es(EsBend),
    Go(GoBend),
    Indirect(IndirectBend),
    NetObj(NetObjBend),
    Rmi(NetObjBend),
    SwingSet(SwingSetBend),
    Weighted(WeightedBend),
    EndoCapTp(EndoBend),
    Capnweb(WebBend),
    Capnp(CapnpBend),
    Goblins(OcapnBend),
    EndoOcapn(OcapnBend),
}
