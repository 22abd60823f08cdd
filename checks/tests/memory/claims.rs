//! The claims, and how they are measured.

use captp_gc::protocol::Descriptor::{self, ExportDesc, ImportDesc, NewFarDesc};
use captp_gc::protocol::{Index, Limits, SessionId, WireCount};
use captp_gc::table::{ExportCell, Exportable, Session};
use libtest_mimic::{Arguments, Trial};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, Stats, StatsAlloc};
use std::alloc::System;
use std::sync::Arc;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// A page of imports, with its counts, marks and links.
const PAGE: usize = 768;
const PAGE_SLOTS: u32 = 64;
/// The places of the pages of one block.
const BLOCK: usize = 2048;
const BLOCK_SLOTS: u32 = 128 * PAGE_SLOTS;
/// A place of a block.
const BLOCK_PLACE: usize = 32;
/// What the list of pages takes for each of them: four bytes, and as much again where it has grown.
const LISTED: usize = 8;
/// A session without imports and exports, apart from the places of its blocks.
const SESSION: usize = 2048;
/// What one message may cost, apart from the growth of a list.
const MESSAGE: usize = 4096;

struct Object(Option<ExportCell>);

impl Exportable for Object {
    fn export_cell(&self) -> Option<&ExportCell> {
        self.0.as_ref()
    }
}

/// So many objects; every second one has a cell.
fn objects(count: u32) -> Vec<Arc<Object>> {
    let object = |number: u32| Arc::new(Object(number.is_multiple_of(2).then(ExportCell::new)));
    (0..count).map(object).collect()
}

fn small() -> Limits {
    Limits {
        exports_max: 100,
        imports_max: 1_000,
        mentions_max: WireCount::new(10),
        references_per_message_max: 8,
    }
}

fn session(limits: Limits) -> Session<Object> {
    Session::new(SessionId::FIRST, limits)
}

/// What the import table may take at most.
fn imports_bound(limits: &Limits) -> usize {
    let pages = limits.imports_max.div_ceil(PAGE_SLOTS) as usize;
    let blocks = limits.imports_max.div_ceil(BLOCK_SLOTS) as usize;
    SESSION + pages * (PAGE + LISTED) + blocks * (BLOCK + BLOCK_PLACE)
}

/// Bytes that were allocated since, whether or not they were given back.
fn allocated(region: &Region<'_, System>) -> usize {
    region.change().bytes_allocated
}

/// Bytes that were allocated since and not given back.
fn held(region: &Region<'_, System>) -> usize {
    let Stats { bytes_allocated, bytes_deallocated, .. } = region.change();
    bytes_allocated.saturating_sub(bytes_deallocated)
}

/// How often anything was asked of the allocator since.
fn requests(region: &Region<'_, System>) -> usize {
    let Stats { allocations, deallocations, reallocations, .. } = region.change();
    allocations + deallocations + reallocations
}

/// Sends one reference, and returns what it cost.
fn cost(session: &Session<Object>, descriptor: Descriptor) -> usize {
    let region = Region::new(ALLOCATOR);
    drop(session.receive(descriptor));
    allocated(&region)
}

/// One index in each page, then all of them: what one message and all of them may cost, and that
/// the second time, and giving everything back, costs nothing.
fn the_imports_stay_within_their_limits(limits: Limits, first: fn(Index) -> Descriptor) {
    let mut ops = Vec::with_capacity(limits.imports_max as usize);
    let whole = Region::new(ALLOCATOR);
    let session = session(limits);
    let (mut dearest, mut doublings, mut pages) = (0, 0, 1);
    let sparse = (0..limits.imports_max).rev().step_by(PAGE_SLOTS as usize);
    let sparse = sparse.map(|index| first(Index::new(index)));
    let all = (0..limits.imports_max).map(|index| NewFarDesc(Index::new(index)));
    for descriptor in sparse.chain(all) {
        let cost = cost(&session, descriptor);
        // The list of pages doubles now and then, by no more than what all pages take in it.
        let bound = MESSAGE + LISTED * pages;
        assert!(cost <= bound, "{descriptor} cost {cost} bytes, with {pages} pages");
        doublings += u32::from(cost > MESSAGE);
        pages += usize::from(cost > 0);
        dearest = dearest.max(cost);
    }
    assert_eq!(pages, limits.imports_max.div_ceil(PAGE_SLOTS) as usize, "each page is paid once");
    assert!(doublings <= pages.ilog2(), "{doublings} messages cost more than {MESSAGE} bytes");
    let (total, bound) = (held(&whole), imports_bound(&limits));
    assert!(total <= bound, "{total} bytes are more than {bound}; at most {dearest} at once");

    let again = Region::new(ALLOCATOR);
    for index in (0..limits.imports_max).map(Index::new) {
        for descriptor in [ImportDesc(index), NewFarDesc(index), ExportDesc(index)] {
            drop(session.receive(descriptor));
        }
    }
    session.drain_gc(&mut ops);
    assert_eq!(requests(&again), 0, "the second time costs something");
    assert_eq!(ops.len(), limits.imports_max as usize);
}

/// Whatever is beyond a limit, or about an export that there is not.
fn what_is_beyond_a_limit_allocates_nothing(limits: Limits) {
    let session = session(limits);
    let region = Region::new(ALLOCATOR);
    assert!(session.import(ImportDesc(Index::new(u32::MAX))).is_err());
    assert_eq!(requests(&region), 0, "ImportDesc(u32::MAX) allocates");
    for number in [limits.imports_max, limits.imports_max + 1, 1 << 31, u32::MAX - 1, u32::MAX] {
        let index = Index::new(number);
        for descriptor in [ImportDesc(index), NewFarDesc(index), ExportDesc(index)] {
            assert!(session.receive(descriptor).is_err());
            assert!(session.import(descriptor).is_err());
        }
        assert!(session.lookup(index).is_err());
        for delta in [0, 1, u32::MAX] {
            assert!(session.gc_export(index, delta).is_err());
        }
    }
    assert_eq!(requests(&region), 0, "a refused message allocates");
}

/// The peer gives back everything that it was told of, with nonsense in between. What it makes us
/// keep is a list of free indices, which is not longer than that of our own exports was.
fn giving_back_costs_a_list_of_our_own_exports(limits: Limits) {
    let (session, objects) = (session(limits), objects(limits.exports_max));
    for object in &objects {
        assert!(session.export(object).is_ok());
    }
    let whole = Region::new(ALLOCATOR);
    for (index, freed) in (0..limits.exports_max).map(Index::new).zip(0_usize..) {
        let region = Region::new(ALLOCATOR);
        for delta in [0, 2, u32::MAX] {
            assert!(session.gc_export(index, delta).is_err());
        }
        assert_eq!(requests(&region), 0, "a refused release allocates");
        assert!(session.gc_export(index, 1).is_ok_and(|gone| gone.is_some()));
        assert!(session.gc_export(index, 1).is_err());
        let (cost, bound) = (allocated(&region), MESSAGE + LISTED * freed);
        assert!(cost <= bound, "a release cost {cost} bytes, with {freed} free");
    }
    let (total, bound) = (held(&whole), MESSAGE + LISTED * objects.len());
    assert!(total <= bound, "{total} bytes are more than {bound}");
}

/// Sessions that go on for long do not grow.
fn what_goes_on_for_long_allocates_nothing(limits: Limits) {
    let (session, objects) = (session(limits), objects(20));
    let (mut proxies, mut ops) = (Vec::with_capacity(100), Vec::with_capacity(100));
    let mut cycle = || {
        for index in [0, 1, 63, 64, limits.imports_max - 1].map(Index::new) {
            for descriptor in [NewFarDesc(index), ImportDesc(index), NewFarDesc(index)] {
                proxies.extend(session.import(descriptor));
            }
        }
        let clones = proxies.len();
        proxies.extend_from_within(..clones);
        assert!(proxies.iter().all(|proxy| session.send_home(proxy).is_ok()));
        proxies.clear();
        session.drain_gc(&mut ops);
        assert_eq!(ops.drain(..).len(), 5);
        for object in objects.iter().chain(&objects) {
            assert!(session.export(object).is_ok());
        }
        for object in &objects {
            assert!(session.unexport(object).is_ok());
        }
        for index in (0..20).map(Index::new) {
            assert!(session.gc_export(index, u32::MAX).is_err());
            assert!(session.gc_export(index, 1).is_ok_and(|gone| gone.is_some()));
        }
    };
    for _ in 0..10 {
        cycle();
    }
    let region = Region::new(ALLOCATOR);
    for _ in 0..1_000 {
        cycle();
    }
    assert_eq!(requests(&region), 0, "a steady session allocates");
}

/// A session gives back all that it took, once its proxies are gone; and of its exports all as soon
/// as it is closed.
fn the_end_of_a_session_returns_everything(limits: Limits) {
    let objects = objects(100);
    for close_first in [true, false] {
        let region = Region::new(ALLOCATOR);
        let session = session(limits);
        let imports = held(&region);
        for object in &objects {
            assert!(session.export(object).is_ok());
        }
        assert!(held(&region) > imports);
        drop(session.close());
        assert_eq!(held(&region), imports, "exports are kept after the end");

        let again = Session::new(SessionId::FIRST, limits);
        let last = Index::new(limits.imports_max - 1);
        let proxies = [0, 64, 128].map(|index| again.import(NewFarDesc(Index::new(index))));
        let kept = again.import(NewFarDesc(last));
        assert!(again.export(&objects[0]).is_ok() && again.export(&objects[1]).is_ok());
        if close_first {
            drop(again.close());
            drop((again, session, proxies, kept));
        } else {
            drop((kept, proxies, session, again));
        }
        assert_eq!(held(&region), 0, "something is kept after the end");
    }
}

/// A session that is closed, and whose handle somebody keeps, makes no page any more.
fn a_closed_session_takes_no_page(limits: Limits) {
    let session = session(limits);
    drop(session.close());
    let region = Region::new(ALLOCATOR);
    for index in (0..limits.imports_max).step_by(PAGE_SLOTS as usize).map(Index::new) {
        assert!(session.receive(NewFarDesc(index)).is_err());
    }
    let bound = limits.imports_max.div_ceil(BLOCK_SLOTS) as usize * BLOCK;
    let total = held(&region);
    assert!(total <= bound, "{total} bytes are more than {bound}");
}

type Claim = fn(Limits);

pub(crate) fn main() {
    let claims: [(&str, Claim); 6] = [
        ("what_is_beyond_a_limit_allocates_nothing", what_is_beyond_a_limit_allocates_nothing),
        ("the_imports_stay_within_their_limits", |limits| {
            for first in [NewFarDesc, ImportDesc, ExportDesc] {
                the_imports_stay_within_their_limits(limits, first);
            }
        }),
        ("giving_back_costs_a_list_of_our_own_exports", |limits| {
            giving_back_costs_a_list_of_our_own_exports(Limits { exports_max: 5_000, ..limits });
        }),
        ("what_goes_on_for_long_allocates_nothing", what_goes_on_for_long_allocates_nothing),
        ("the_end_of_a_session_returns_everything", the_end_of_a_session_returns_everything),
        ("a_closed_session_takes_no_page", a_closed_session_takes_no_page),
    ];
    let trials = claims.into_iter().flat_map(|(name, claim)| {
        [("small", small()), ("default", Limits::default())].map(|(size, limits)| {
            Trial::test(format!("{name}::{size}"), move || {
                let _other = session(small()); // the register of live sessions is the process's
                claim(limits);
                Ok(())
            })
        })
    });
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1); // on this thread: there is no other to be counted too
    libtest_mimic::run(&arguments, trials.collect()).exit();
}
