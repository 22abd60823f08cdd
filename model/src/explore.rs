//! Stateright's Explorer, opened on one world.

use crate::catalogue::Task;
use crate::protocol::Protocol;
use crate::world::World;
use stateright::Model;
use std::io;
use std::net::{SocketAddr, TcpListener};

/// Where to serve.
#[derive(Clone, Copy, Debug)]
pub struct Explorer {
    address: SocketAddr,
}

impl Explorer {
    /// Takes an address that nobody listens on; port 0 means any.
    ///
    /// # Errors
    /// The address is taken, or not this machine's. (Stateright would panic.)
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        Ok(Self { address: listener.local_addr()? })
    }

    /// The page that opens on the state at the end of `path`, `/0/3/1`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/#/steps{path}", self.address)
    }
}

/// Serves the world of `task` until the process is ended.
///
/// # Errors
/// The current folder could not be left.
pub fn serve<P: Protocol>(task: &Task, explorer: &Explorer) -> io::Result<()> {
    let world = World::new(P::bent(task.mutation.map(|mutation| mutation.bend)), task.sizes);
    // Stateright serves files from a folder `ui` of the current folder in place of its own.
    let empty = tempfile::tempdir()?;
    std::env::set_current_dir(empty.path())?;
    let _checker = world.checker().serve(explorer.address);
    Ok(())
}
