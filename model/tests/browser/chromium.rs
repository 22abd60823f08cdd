//! A Chromium without a window, driven through chromedriver.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use thirtyfour::cdp::domains::emulation::{MediaFeature, SetEmulatedMedia};
use thirtyfour::prelude::*;
use thirtyfour::{ChromiumLikeCapabilities, LoggingPrefsLogLevel};

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// A chromedriver. Whatever browsers it started end with it.
pub(crate) struct Browser {
    child: Child,
    url: String,
    binary: PathBuf,
}

impl Browser {
    /// None if there is no Chromium: that is said on the terminal, past what a test captures.
    pub(crate) fn start() -> Option<Self> {
        let binary = BROWSERS.into_iter().find_map(on_path);
        let (Some(binary), Some(driver)) = (binary, on_path("chromedriver")) else {
            let _written = writeln!(
                std::io::stderr(),
                "\nNOT TESTED: no browser was found. Install chromium and chromedriver.\n"
            );
            return None;
        };
        let child = Command::new(driver).arg("--port=0").stdout(Stdio::piped()).spawn();
        let mut child = child.unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut lines = output.lines().map(Result::unwrap);
        let line = lines.find(|line| line.contains("started successfully on port")).unwrap();
        let port: String = line.chars().filter(char::is_ascii_digit).collect();
        // Somebody has to read what it goes on to say.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { child, url: format!("http://127.0.0.1:{port}"), binary })
    }

    pub(crate) async fn open(&self, url: &str) -> WebDriver {
        let mut capabilities = DesiredCapabilities::chrome();
        capabilities.set_binary(self.binary.to_str().unwrap()).unwrap();
        capabilities.set_headless().unwrap();
        // Containers have no sandbox, and these are our own pages.
        capabilities.set_no_sandbox().unwrap();
        capabilities.set_disable_dev_shm_usage().unwrap();
        capabilities.set_browser_log_level(LoggingPrefsLogLevel::All).unwrap();
        let driver = WebDriver::new(&self.url, capabilities).await.unwrap();
        driver.goto(url).await.unwrap();
        // Before its first paint, a page is not given the keys that are pressed.
        let painted = "return performance.getEntriesByType('paint').length > 0";
        for _ in 0..100 {
            if driver.execute(painted, Vec::new()).await.unwrap().json().as_bool() == Some(true) {
                return driver;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{url} was never painted");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ended = ureq::get(format!("{}/shutdown", self.url)).call();
        let _killed = self.child.kill();
        let _status = self.child.wait();
    }
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path).map(|folder| folder.join(&file)).find(|file| file.is_file())
}

/// Makes the page so wide, and dark or light.
pub(crate) async fn resize(driver: &WebDriver, width: u32, scheme: &str) {
    let emulation = driver.cdp();
    emulation.emulation().set_device_metrics_override(width, 900, 1.0, false).await.unwrap();
    let feature =
        MediaFeature { name: "prefers-color-scheme".to_owned(), value: scheme.to_owned() };
    let media = SetEmulatedMedia { media: None, features: Some(vec![feature]) };
    driver.cdp().send(media).await.unwrap();
}

/// Keeps a picture of the page under `target/screenshots`.
pub(crate) async fn keep(driver: &WebDriver, name: &str) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).ancestors();
    let target = target.skip(1).find(|folder| folder.file_name() == Some(OsStr::new("target")));
    let folder = target.unwrap_or(Path::new(env!("CARGO_TARGET_TMPDIR"))).join("screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    driver.screenshot(&folder.join(format!("{name}.png"))).await.unwrap();
}
