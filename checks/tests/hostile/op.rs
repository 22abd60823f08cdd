//! What a hostile peer and an honest application do, and how a fuzzer's bytes say it.
//!
//! Every byte string is a list of operations, and every list has a byte string. An operation is a
//! byte and its operands, a byte each; a number that does not fit one is `FF` and four bytes more.

use captp_gc::protocol::{Descriptor, Index};
use proptest::prelude::*;

/// One of the two sessions: the hostile peer speaks in the first, and the other shares objects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum At {
    Attacked,
    Other,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Op {
    /// The peer sends a reference, of any kind.
    Send(Descriptor),
    /// The peer sends a reference where only a mention may stand.
    SendMention(Descriptor),
    /// The peer calls an export.
    Call(Index),
    /// The peer sends a `GCExportOp`.
    Release(Index, u32),
    Export(At, u8),
    Unexport(At, u8),
    /// The application lets go of an object, and has another instead.
    Replace(u8),
    DropProxy(u8),
    CloneProxy(u8),
    SendHome(At, u8),
    Drain(At),
    Close(At),
    /// A new session, whether the old one is closed or not.
    Renew(At),
}

/// Numbers at which something might break: ends of a page, of a block of pages, of the limits, of
/// the types.
const EDGES: [u32; 15] = [
    63,
    64,
    69,
    70,
    127,
    128,
    8191,
    8192,
    (1 << 20) - 1,
    1 << 20,
    i32::MAX as u32,
    1 << 31,
    u32::MAX - 64,
    u32::MAX - 1,
    u32::MAX,
];
/// Numbers below are written as they are.
const PLAIN: u8 = 0x40;
/// Bytes from here to here plus 14 are edges; those between are small numbers once more, which
/// makes it probable that two operations are about the same thing.
const FIRST_EDGE: u8 = 0xF0;
const WHOLE: u8 = 0xFF;

pub(crate) fn decode(bytes: &[u8]) -> Vec<Op> {
    let mut bytes = bytes.iter().copied();
    std::iter::from_fn(|| decode_one(&mut bytes)).collect()
}

fn decode_one(bytes: &mut impl Iterator<Item = u8>) -> Option<Op> {
    let code = bytes.next()? % 32;
    // The codes that are left over are once more those that do not end a session.
    let code = if code < 17 { code } else { code - 17 };
    Some(match code {
        0 => Op::Send(Descriptor::NewFarDesc(index(bytes)?)),
        1 => Op::Send(Descriptor::ImportDesc(index(bytes)?)),
        2 => Op::Send(Descriptor::ExportDesc(index(bytes)?)),
        3 => Op::SendMention(Descriptor::NewFarDesc(index(bytes)?)),
        4 => Op::SendMention(Descriptor::ImportDesc(index(bytes)?)),
        5 => Op::SendMention(Descriptor::ExportDesc(index(bytes)?)),
        6 => Op::Call(index(bytes)?),
        7 => Op::Release(index(bytes)?, number(bytes)?),
        8 => at(bytes, Op::Export)?,
        9 => at(bytes, Op::Unexport)?,
        10 => Op::Replace(bytes.next()?),
        11 => Op::DropProxy(bytes.next()?),
        12 => Op::CloneProxy(bytes.next()?),
        13 => at(bytes, Op::SendHome)?,
        14 => at(bytes, |at, _| Op::Drain(at))?,
        15 => at(bytes, |at, _| Op::Close(at))?,
        _ => at(bytes, |at, _| Op::Renew(at))?,
    })
}

fn at(bytes: &mut impl Iterator<Item = u8>, op: impl Fn(At, u8) -> Op) -> Option<Op> {
    let byte = bytes.next()?;
    Some(op(if byte.is_multiple_of(2) { At::Attacked } else { At::Other }, byte / 2))
}

fn index(bytes: &mut impl Iterator<Item = u8>) -> Option<Index> {
    number(bytes).map(Index::new)
}

fn number(bytes: &mut impl Iterator<Item = u8>) -> Option<u32> {
    Some(match bytes.next()? {
        WHOLE => u32::from_le_bytes([bytes.next()?, bytes.next()?, bytes.next()?, bytes.next()?]),
        edge @ FIRST_EDGE.. => EDGES[usize::from(edge - FIRST_EDGE)],
        plain if plain < PLAIN => plain.into(),
        again => (again % 4).into(),
    })
}

pub(crate) fn encode(ops: &[Op]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for op in ops {
        match *op {
            Op::Send(descriptor) => described(&mut bytes, 0, descriptor),
            Op::SendMention(descriptor) => described(&mut bytes, 3, descriptor),
            Op::Call(index) => numbers(&mut bytes, 6, &[index.get()]),
            Op::Release(index, delta) => numbers(&mut bytes, 7, &[index.get(), delta]),
            Op::Export(at, object) => bytes.extend([8, operand(at, object)]),
            Op::Unexport(at, object) => bytes.extend([9, operand(at, object)]),
            Op::Replace(object) => bytes.extend([10, object]),
            Op::DropProxy(proxy) => bytes.extend([11, proxy]),
            Op::CloneProxy(proxy) => bytes.extend([12, proxy]),
            Op::SendHome(at, proxy) => bytes.extend([13, operand(at, proxy)]),
            Op::Drain(at) => bytes.extend([14, operand(at, 0)]),
            Op::Close(at) => bytes.extend([15, operand(at, 0)]),
            Op::Renew(at) => bytes.extend([16, operand(at, 0)]),
        }
    }
    bytes
}

fn operand(at: At, number: u8) -> u8 {
    number.wrapping_mul(2) | u8::from(at == At::Other)
}

fn described(bytes: &mut Vec<u8>, code: u8, descriptor: Descriptor) {
    let kind = match descriptor {
        Descriptor::NewFarDesc(_) => 0,
        Descriptor::ImportDesc(_) => 1,
        Descriptor::ExportDesc(_) => 2,
    };
    numbers(bytes, code + kind, &[descriptor.index().get()]);
}

fn numbers(bytes: &mut Vec<u8>, code: u8, numbers: &[u32]) {
    bytes.push(code);
    for number in numbers {
        match u8::try_from(*number) {
            Ok(plain) if plain < PLAIN => bytes.push(plain),
            _ => {
                bytes.push(WHOLE);
                bytes.extend(number.to_le_bytes());
            }
        }
    }
}

/// Any operation; numbers are small, or on an edge, or anything.
pub(crate) fn any_op() -> impl Strategy<Value = Op> {
    let number =
        || prop_oneof![6 => 0_u32..4, 2 => prop::sample::select(&EDGES[..]), 1 => any::<u32>()];
    let index = move || number().prop_map(Index::new);
    let descriptor = move || {
        prop_oneof![
            index().prop_map(Descriptor::NewFarDesc),
            index().prop_map(Descriptor::ImportDesc),
            index().prop_map(Descriptor::ExportDesc),
        ]
    };
    let at = || prop_oneof![2 => Just(At::Attacked), 1 => Just(At::Other)];
    prop_oneof![
        6 => descriptor().prop_map(Op::Send),
        2 => descriptor().prop_map(Op::SendMention),
        2 => index().prop_map(Op::Call),
        4 => (index(), number()).prop_map(|(index, delta)| Op::Release(index, delta)),
        5 => (at(), 0_u8..6).prop_map(|(at, object)| Op::Export(at, object)),
        1 => (at(), 0_u8..6).prop_map(|(at, object)| Op::Unexport(at, object)),
        1 => (0_u8..6).prop_map(Op::Replace),
        4 => (0_u8..24).prop_map(Op::DropProxy),
        1 => (0_u8..24).prop_map(Op::CloneProxy),
        1 => (at(), 0_u8..24).prop_map(|(at, proxy)| Op::SendHome(at, proxy)),
        2 => at().prop_map(Op::Drain),
        1 => at().prop_map(Op::Close),
        1 => at().prop_map(Op::Renew),
    ]
}
