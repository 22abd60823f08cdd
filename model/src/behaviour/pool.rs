//! Names for the objects of a trace: a trace has as many as are live, and names of the dead are
//! used again.

use crate::names::{Kind, Object, VatId};

/// The names of one kind.
#[derive(Clone, Debug, Default)]
struct Pool {
    next: u16,
    free: Vec<u16>,
}

impl Pool {
    /// A name that nothing live has. `None` if there are no more.
    fn take(&mut self) -> Option<u16> {
        self.free.pop().or_else(|| {
            let number = self.next;
            self.next = self.next.checked_add(1)?;
            Some(number)
        })
    }
}

/// The names of the objects of one vat.
#[derive(Clone, Debug)]
pub(super) struct Names {
    home: VatId,
    far: Pool,
    promises: Pool,
    asked: u16,
}

impl Names {
    /// Those of `home`'s objects: nothing has a name yet.
    pub(super) fn of(home: VatId) -> Self {
        Self { home, far: Pool::default(), promises: Pool::default(), asked: 0 }
    }

    /// A new object. `None` if more are live than have names.
    pub(super) fn far(&mut self) -> Option<Object> {
        self.far.take().map(|number| Object::far(self.home, number))
    }

    /// A new promise. `None` if more are live, or were resolved, than have names.
    pub(super) fn promise(&mut self) -> Option<Object> {
        self.promises.take().map(|number| Object::promise(self.home, number))
    }

    /// The answer to a new call. Its name is used again after 65,536 further calls.
    pub(super) const fn answer(&mut self) -> Object {
        self.asked = self.asked.wrapping_add(1);
        Object::answer_to(self.home, self.asked)
    }

    /// What had this name is not exported any more. A promise keeps it if it `is_resolved`, for the
    /// runtime remembers what to.
    pub(super) fn free(&mut self, object: Object, is_resolved: bool) {
        match object.kind() {
            Kind::Far => self.far.free.push(object.number()),
            Kind::Promise if !is_resolved => self.promises.free.push(object.number()),
            Kind::Promise | Kind::Answer => {}
        }
    }
}
