//! Stateright's Explorer as `model explore` serves it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

pub(crate) struct Server {
    child: Child,
    lines: Vec<String>,
}

impl Server {
    /// Starts the Explorer on any free port, and reads what it prints.
    pub(crate) fn start(arguments: &[&str], folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_model"))
            .args(["explore", "--address", "127.0.0.1:0"])
            .args(arguments)
            .current_dir(folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut lines = Vec::new();
        for line in output.lines().map(Result::unwrap) {
            let last = line.contains("Ctrl-C");
            lines.push(line);
            if last {
                break;
            }
        }
        Self { child, lines }
    }

    /// The address of the first line that contains `label`.
    pub(crate) fn url(&self, label: &str) -> &str {
        let line = self.lines.iter().find(|line| line.contains(label)).unwrap();
        line.rsplit_once(": ").unwrap().1
    }

    pub(crate) fn get(&self, path: &str) -> String {
        let (origin, _) = self.url("from the start").split_once("/#").unwrap();
        let url = format!("{origin}{path}");
        for _ in 0..50 {
            if let Ok(mut response) = ureq::get(&url).call() {
                return response.body_mut().read_to_string().unwrap();
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("{url} does not answer");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}
