//! Stateright's Explorer, opened on one world.

use crate::catalogue::Task;
use crate::protocol::Protocol;
use stateright::Model;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};

/// Where to serve. Holds the address until it is served.
#[derive(Debug)]
pub struct Explorer {
    address: SocketAddr,
    held: TcpListener,
}

impl Explorer {
    /// Takes an address that nobody listens on; port 0 means any.
    ///
    /// # Errors
    /// The address is taken, or not this machine's. (Stateright would panic.)
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let held = TcpListener::bind(address)?;
        Ok(Self { address: held.local_addr()?, held })
    }

    /// The page that opens on the state at the end of `path`, `/0/3/1`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/#/steps{path}", self.address)
    }
}

/// Serves the world of `task` until the process is ended.
///
/// # Errors
/// The current folder could not be left, or the address was taken at the last moment.
pub fn serve<P: Protocol>(task: &Task, explorer: Explorer) -> io::Result<()> {
    let world = task.world::<P>();
    std::env::set_current_dir(folder_without_ui()?)?;
    let Explorer { address, held } = explorer;
    drop(held);
    // Nothing of what is moved in here is used afterwards.
    std::panic::catch_unwind(AssertUnwindSafe(move || {
        let _checker = world.checker().serve(address);
    }))
    .map_err(|_panic| io::Error::new(io::ErrorKind::AddrInUse, "Stateright's server has stopped"))
}

/// Stateright serves files from a folder `ui` of the current folder in place of its own.
fn folder_without_ui() -> io::Result<PathBuf> {
    let root = Path::new("/").to_owned();
    let mut folders = [root, std::env::temp_dir()].into_iter();
    folders.find(|folder| folder.is_dir() && !folder.join("ui").exists()).ok_or_else(|| {
        io::Error::new(io::ErrorKind::AlreadyExists, "there is a folder 'ui' wherever we could go")
    })
}
