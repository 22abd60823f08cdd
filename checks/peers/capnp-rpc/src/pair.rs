//! Two vats of the implementation in one thread, and a wire between them that holds back.

use crate::app::App;
use crate::event::{Done, End, Event, Ref, Sink};
use crate::panics;
use crate::pipe::{Pipe, Reader, Writer};
use capnp::capability::FromClientHook;
use capnp_rpc::rpc_twoparty_capnp::Side;
use capnp_rpc::twoparty::VatNetwork;
use capnp_rpc::{Disconnector, RpcSystem};
use futures::executor::LocalPool;
use futures::future::FutureExt;
use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;

struct Vat {
    app: Rc<App>,
    /// What is held back for this vat.
    inbox: Pipe,
    disconnector: Option<Disconnector<Side>>,
}

/// The pair of vats.
pub(crate) struct Pair {
    /// Where events go, while anybody wants to know.
    sink: Sink,
    listened: Rc<Cell<bool>>,
    pool: LocalPool,
    vats: Option<[Vat; 2]>,
}

impl Pair {
    pub(crate) fn new(sink: Sink) -> Self {
        panics::watch();
        let listened = Rc::new(Cell::new(true));
        let wanted = Rc::clone(&listened);
        let sink: Sink = Rc::new(move |event| {
            if wanted.get() {
                sink(event);
            }
        });
        Self { sink, listened, pool: LocalPool::new(), vats: None }
    }

    fn vat(&mut self, end: End) -> Result<&mut Vat, String> {
        let vats = self.vats.as_mut().ok_or("there are no vats yet")?;
        Ok(&mut vats[end as usize])
    }

    /// Runs both until nothing moves any more.
    fn settle(&mut self) {
        let pool = &mut self.pool;
        // What panics here is a destructor: everything else is caught where it is run.
        while let Err(text) = panics::catch(|| pool.run_until_stalled()) {
            for vat in End::ALL {
                (self.sink)(&Event::Error { vat, text: text.clone() });
            }
        }
    }

    /// Makes one application do something, and runs both.
    fn act(&mut self, end: End, act: impl FnOnce(&Rc<App>) -> Done) -> Done {
        let app = Rc::clone(&self.vat(end)?.app);
        let done = panics::catch(|| act(&app)).unwrap_or_else(|text| {
            app.complain(&text);
            Err(text)
        });
        self.settle();
        done
    }

    /// Throws the old pair away and makes two fresh vats that know each other's first object.
    pub(crate) fn open(&mut self) -> Done {
        self.close();
        let (to_b, a_writes, b_reads) = Pipe::new(End::A, Rc::clone(&self.sink));
        let (to_a, b_writes, a_reads) = Pipe::new(End::B, Rc::clone(&self.sink));
        let a = self.vat_at(End::A, Side::Client, to_a.clone(), (a_reads, a_writes));
        let b = self.vat_at(End::B, Side::Server, to_b.clone(), (b_reads, b_writes));
        self.vats = Some([a, b]);
        self.settle();
        while to_a.holds_any() || to_b.holds_any() {
            for pipe in [&to_b, &to_a] {
                if pipe.holds_any() {
                    pipe.deliver()?;
                    self.settle();
                }
            }
        }
        Ok(())
    }

    fn vat_at(&self, end: End, side: Side, inbox: Pipe, wire: (Reader, Writer)) -> Vat {
        let app = App::new(end, Rc::clone(&self.sink), self.pool.spawner());
        let network = VatNetwork::new(wire.0, wire.1, side, Default::default());
        let first = capnp::capability::Client::new(app.first_object().into_client_hook());
        let mut system = RpcSystem::new(Box::new(network), Some(first));
        let theirs = if side == Side::Client { Side::Server } else { Side::Client };
        app.meet(system.bootstrap(theirs));
        let disconnector = Some(system.get_disconnector());
        let living = Rc::clone(&app);
        app.spawn(async move {
            let ended = AssertUnwindSafe(system).catch_unwind().await;
            let text = match ended {
                Ok(Ok(())) => "disconnected".to_owned(),
                Ok(Err(error)) => error.to_string(),
                Err(panic) => {
                    let text = panics::text(&*panic);
                    living.complain(&text);
                    text
                }
            };
            living.tell(&Event::Ended { vat: end, text });
        });
        Vat { app, inbox, disconnector }
    }

    /// What the old pair does on its way out is of no interest, but it must not take us along.
    fn close(&mut self) {
        self.listened.set(false);
        for end in End::ALL {
            // Tables that are not emptied may keep themselves: an export can lead to an import.
            let _ = self.cut(end);
        }
        let pool = std::mem::take(&mut self.pool);
        let vats = self.vats.take();
        let _ = panics::catch(|| drop(pool));
        for vat in vats.into_iter().flatten() {
            let _ = panics::catch(|| vat.app.end());
            let _ = panics::catch(|| drop(vat));
        }
        self.listened.set(true);
    }

    pub(crate) fn send(&mut self, vat: End, refs: &[Ref]) -> Done {
        self.act(vat, |app| app.send(refs))
    }

    pub(crate) fn fail_send(&mut self, vat: End, refs: &[Ref]) -> Done {
        self.act(vat, |app| app.fail_send(refs))
    }

    pub(crate) fn call(&mut self, vat: End, target: &str) -> Done {
        self.act(vat, |app| app.call(target))
    }

    pub(crate) fn ask(&mut self, vat: End, target: &str, refs: &[Ref], question: &str) -> Done {
        self.act(vat, |app| app.ask(target, refs, question))
    }

    /// Answers an open task.
    pub(crate) fn answer(&mut self, vat: End, question: &str, refs: &[Ref]) -> Done {
        self.act(vat, |app| app.answer(question, refs))
    }

    pub(crate) fn resolve(&mut self, vat: End, promise: &str, refs: &[Ref]) -> Done {
        self.act(vat, |app| app.resolve(promise, refs))
    }

    pub(crate) fn drop_held(&mut self, vat: End, name: &str) -> Done {
        self.act(vat, |app| app.drop_held(name))
    }

    pub(crate) fn drop_one(&mut self, vat: End, name: &str) -> Done {
        self.act(vat, |app| app.drop_one(name))
    }

    pub(crate) fn probe(&mut self, vat: End, name: &str, probe: u64) -> Done {
        self.act(vat, |app| app.probe(name, probe))
    }

    pub(crate) fn deliver(&mut self, to: End) -> Done {
        self.vat(to)?.inbox.deliver()?;
        self.settle();
        Ok(())
    }

    /// Makes a vat read this, as if its peer had sent it.
    pub(crate) fn hostile(&mut self, to: End, raw: &[u8]) -> Done {
        self.vat(to)?.inbox.inject(raw.to_vec())?;
        self.settle();
        Ok(())
    }

    /// Makes a vat end the session.
    pub(crate) fn cut(&mut self, end: End) -> Done {
        let vat = self.vat(end)?;
        let app = Rc::clone(&vat.app);
        let disconnector = vat.disconnector.take();
        let disconnector = disconnector.ok_or_else(|| format!("{end} has cut it already"))?;
        let complaint = Rc::clone(&app);
        app.spawn(async move {
            if let Err(error) = disconnector.await {
                complaint.complain(error);
            }
        });
        self.settle();
        Ok(())
    }

    pub(crate) fn forget(&mut self) -> Done {
        End::ALL.into_iter().try_for_each(|end| {
            self.act(end, |app| {
                app.forget();
                Ok(())
            })
        })
    }

    pub(crate) fn witness(&mut self) -> Done {
        End::ALL.into_iter().try_for_each(|end| {
            self.act(end, |app| {
                app.witness();
                Ok(())
            })
        })
    }
}
