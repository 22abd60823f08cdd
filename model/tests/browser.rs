//! The pages in a real browser: what they show is what the data says, at every step.
#![cfg(not(loom))]

#[path = "browser/chromium.rs"]
mod chromium;
mod common;

use chromium::{Browser, keep, resize};
use common::find;
use common::server::Server;
use model::catalogue::{self, DISTRIBUTED_RACE};
use model::counterexample::{Counterexample, Snapshot};
use model::render::page::page;
use model::render::svg::svg;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use thirtyfour::prelude::*;
use thirtyfour::support::block_on;

/// What a reader sees, as data.
const SHOWN: &str = "
    const all = (selector, root = document) => [...root.querySelectorAll(selector)];
    const cells = (row) => [...row.children].map((cell) => cell.textContent);
    return {
        position: document.getElementById('position').textContent,
        sentence: document.getElementById('sentence').textContent,
        hash: location.hash,
        current: all('.msc a[aria-current]').map((link) => Number(link.dataset.step)),
        tables: all('#tables table').map((table) => [table.dataset.vat,
            all('tbody tr:not(.gone):not(.empty)', table).map((row) => {
                const what = row.querySelector('.what').textContent;
                const count = row.querySelector('.number').textContent;
                return [row.querySelector('th').textContent,
                    count === '' ? what : `${what} count ${count}`];
            })]),
        wire: all('#channels li:not(.gone):not(.empty) code').map((code) => code.textContent),
        ledger: all('#ledger tbody tr').map((row) => cells(row).slice(1).join(' ')),
        arrows: all('#graph .message text').map((text) => text.textContent),
    };";

/// Pairs of texts of one chart that overlap, and texts that leave it.
const COLLISIONS: &str = "
    const found = [];
    for (const chart of document.querySelectorAll('svg.msc')) {
        const texts = [...chart.querySelectorAll('text')].filter((text) => text.textContent);
        const boxes = texts.map((text) => text.getBBox());
        const name = chart.getAttribute('aria-label');
        const [, , width, height] = chart.getAttribute('viewBox').split(' ').map(Number);
        boxes.forEach((one, i) => {
            if (one.x < 0 || one.y < 0 || one.x + one.width > width
                || one.y + one.height > height) found.push([name, texts[i].textContent]);
            boxes.forEach((other, j) => {
                const across = Math.min(one.x + one.width, other.x + other.width)
                    - Math.max(one.x, other.x);
                const down = Math.min(one.y + one.height, other.y + other.height)
                    - Math.max(one.y, other.y);
                // Boxes have room above and below the letters.
                if (i < j && across > 0 && down > 4)
                    found.push([name, texts[i].textContent, texts[j].textContent]);
            });
        });
    }
    return found;";

async fn ask(driver: &WebDriver, script: &str) -> Value {
    driver.execute(script, Vec::new()).await.unwrap().json().clone()
}

async fn press(driver: &WebDriver, key: impl Into<char>) {
    driver.action_chain().send_keys(String::from(key.into())).perform().await.unwrap();
}

fn written(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(name);
    std::fs::write(&file, text).unwrap();
    format!("file://{}", file.display())
}

/// What a page must show at a step, 0 for the initial state.
fn expected(counterexample: &Counterexample, number: usize) -> (String, Value) {
    let last = counterexample.steps.len();
    let step = number.checked_sub(1).map(|before| &counterexample.steps[before]);
    let state: &Snapshot = step.map_or(&counterexample.initial, |step| &step.after);
    let tables: Vec<_> = state.vats.iter().map(|vat| json!([vat.vat, vat.rows()])).collect();
    let messages = state.channels.iter().flat_map(|channel| &channel.messages);
    let wire: Vec<_> = messages.map(|m| format!("#{} {}", m.number, m.text)).collect();
    let sentence =
        step.map_or("Before the first step.".to_owned(), |step| format!("{}.", step.text));
    let shown = json!({
        "position": format!("Step {number} of {last}"),
        "hash": format!("#step-{number}"),
        "current": step.map(|step| step.number).into_iter().collect::<Vec<_>>(),
        "tables": tables,
        "wire": wire,
        "arrows": wire,
    });
    (sentence, shown)
}

async fn check(driver: &WebDriver, counterexample: &Counterexample, number: usize) {
    let (text, expected) = expected(counterexample, number);
    let mut shown = ask(driver, SHOWN).await;
    // A link's hash is acted upon a little later than a key.
    for _ in 0..20 {
        if shown["hash"] == expected["hash"] && shown["position"] == expected["position"] {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
        shown = ask(driver, SHOWN).await;
    }
    let fields = shown.as_object_mut().unwrap();
    let sentence = fields.remove("sentence").unwrap();
    let ledger = fields.remove("ledger").unwrap();
    assert!(sentence.as_str().unwrap().starts_with(&text), "{sentence}");
    assert_eq!(shown, expected, "step {number}");
    let state =
        number.checked_sub(1).map_or(&counterexample.initial, |at| &counterexample.steps[at].after);
    let lines = ledger.as_array().unwrap();
    for (record, line) in state.ledger.iter().zip(lines) {
        let b = record.balance;
        let equals = if b.holds() { "=" } else { "≠" };
        let sum = format!("{} + {} + {}", b.mentions, b.import_count, b.deltas);
        assert_eq!(line, &format!("{} {equals} {sum}", b.export_count));
    }
    assert!(lines.len() >= state.ledger.len());
}

async fn no_errors(driver: &WebDriver) {
    let log = driver.browser_log().await.unwrap();
    assert!(log.is_empty(), "{log:?}");
}

#[test]
fn every_step_shows_what_the_data_says() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        for id in [DISTRIBUTED_RACE, "vine-not-held", "old-message-read", "netobj-no-retry"] {
            let counterexample = find(id).counterexamples.remove(0);
            let url = written(folder.path(), "page.html", &page(&counterexample));
            let driver = browser.open(&url).await;
            let last = counterexample.steps.len();
            press(&driver, Key::Home.value()).await;
            for number in 0..=last {
                check(&driver, &counterexample, number).await;
                press(&driver, if number % 2 == 0 { 'j' } else { Key::Right.value() }).await;
            }
            check(&driver, &counterexample, last).await;
            press(&driver, 'k').await;
            press(&driver, Key::Left.value()).await;
            check(&driver, &counterexample, last - 2).await;
            press(&driver, Key::End.value()).await;
            check(&driver, &counterexample, last).await;
            driver.goto(&format!("{url}#step-1")).await.unwrap();
            check(&driver, &counterexample, 1).await;
            no_errors(&driver).await;
            driver.quit().await.unwrap();
        }
    });
}

#[test]
fn the_page_is_wide_or_narrow_and_dark_or_light() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        for id in [DISTRIBUTED_RACE, "vine-not-held"] {
            let counterexample = find(id).counterexamples.remove(0);
            let url = written(folder.path(), "page.html", &page(&counterexample));
            let driver = browser.open(&url).await;
            press(&driver, 'k').await;
            for (width, scheme) in [(1280, "light"), (1280, "dark"), (400, "light"), (400, "dark")]
            {
                resize(&driver, width, scheme).await;
                let wide = ask(&driver, "return document.documentElement.scrollWidth").await;
                assert!(wide.as_u64() <= Some(width.into()), "it scrolls sideways: {wide}");
                let paper = "return getComputedStyle(document.body).backgroundColor";
                let dark = ask(&driver, paper).await != "rgb(255, 255, 255)";
                assert_eq!(dark, scheme == "dark");
                keep(&driver, &format!("{id}-{width}-{scheme}")).await;
            }
            no_errors(&driver).await;
            driver.quit().await.unwrap();
        }
    });
}

#[test]
fn no_text_of_a_chart_runs_into_another() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let found = catalogue::mutations().flat_map(|(_, mutation)| find(mutation.id).counterexamples);
    let charts: String = found.map(|counterexample| svg(&counterexample)).collect();
    let text = format!("<!doctype html><meta charset='utf-8'>{charts}");
    let url = written(folder.path(), "charts.html", &text);
    block_on(async {
        let driver = browser.open(&url).await;
        assert_eq!(ask(&driver, COLLISIONS).await, json!([]));
        // And the measure does measure.
        let moved = "document.querySelector('.msc .count').setAttribute('x', 20);";
        let found = ask(&driver, &format!("{moved}{COLLISIONS}")).await;
        assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
        driver.quit().await.unwrap();
    });
}

#[test]
fn markup_in_a_name_is_text_in_the_page() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut counterexample = find(DISTRIBUTED_RACE).counterexamples.remove(0);
    let bad = "</script><img src=x onerror=document.title='run'>&\u{1}\u{ffff}";
    counterexample.finding = bad.to_owned();
    counterexample.mutation = Some(bad.to_owned());
    for step in &mut counterexample.steps {
        step.text = bad.to_owned();
        let messages = step.after.channels.iter_mut().flat_map(|channel| &mut channel.messages);
        for message in messages.chain(&mut step.sent).chain(&mut step.read) {
            message.text = bad.to_owned();
        }
        let exports = step.after.vats.iter_mut().flat_map(|vat| &mut vat.exports);
        exports.for_each(|export| export.object = Some(bad.to_owned()));
    }
    let url = written(folder.path(), "page.html", &page(&counterexample));
    block_on(async {
        let driver = browser.open(&url).await;
        press(&driver, 'k').await;
        check(&driver, &counterexample, counterexample.steps.len() - 1).await;
        let images = ask(&driver, "return document.querySelectorAll('img').length").await;
        assert_eq!(images, 0);
        no_errors(&driver).await;
        // By itself the picture is XML, which nothing may make ill-formed.
        let picture = written(folder.path(), "chart.svg", &svg(&counterexample));
        driver.goto(&picture).await.unwrap();
        let rows = "return document.querySelectorAll('svg.msc > a').length";
        assert_eq!(ask(&driver, rows).await, counterexample.steps.len());
        let alien = "return document.querySelectorAll('img, parsererror').length";
        assert_eq!(ask(&driver, alien).await, 0);
        driver.quit().await.unwrap();
    });
}

#[test]
fn the_report_opens_from_a_folder_and_leads_to_a_page_of_every_counterexample() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let system = catalogue::system("goblins").unwrap();
    let out = folder.path().to_str().unwrap();
    let report = ["report", "--system", system.id, "--out", out];
    assert_cmd::Command::new(env!("CARGO_BIN_EXE_model")).args(report).assert().code(0);
    block_on(async {
        let driver = browser.open(&format!("file://{out}/index.html")).await;
        let links = "return [...document.querySelectorAll('a[href^=\"mutations/\"]')]
            .map((link) => link.textContent)";
        let ids: Vec<_> = system.mutations.iter().map(|mutation| mutation.id).collect();
        assert_eq!(ask(&driver, links).await, json!(ids));
        keep(&driver, "report").await;
        no_errors(&driver).await;
        let mutation = &system.mutations[0];
        let link = driver.find(By::LinkText(mutation.id)).await.unwrap();
        link.send_keys(Key::Enter + "").await.unwrap();
        let found = find(mutation.id).counterexamples;
        let shown = found.iter().find(|found| found.property == mutation.kills).unwrap();
        driver.query(By::Id("position")).first().await.unwrap();
        press(&driver, Key::Home.value()).await;
        check(&driver, shown, 0).await;
        press(&driver, 'j').await;
        check(&driver, shown, 1).await;
        no_errors(&driver).await;
        driver.quit().await.unwrap();
    });
}

#[test]
fn the_explorer_shows_the_step_that_violates_and_its_state() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&["--mutation", DISTRIBUTED_RACE], folder.path());
    let url = server.url("S1 violated in 7 steps");
    let (before, last) = url.split_once("/#/steps").unwrap().1.rsplit_once('/').unwrap();
    let steps: Value = serde_json::from_str(&server.get(&format!("/.states{before}"))).unwrap();
    let state = steps[last.parse::<usize>().unwrap()]["state"].as_str().unwrap();
    let lines = state.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut wanted: Vec<_> = lines.collect();
    assert!(wanted.len() > 2, "{state}");
    wanted.push("VatB reads GCExportOp(0, 1)");
    block_on(async {
        let driver = browser.open(url).await;
        let mut missing = wanted.clone();
        for _ in 0..100 {
            let text = driver.find(By::Tag("body")).await.unwrap().text().await.unwrap();
            missing = wanted.iter().copied().filter(|line| !text.contains(line)).collect();
            if missing.is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        ask(&driver, "scrollTo(0, document.body.scrollHeight)").await;
        keep(&driver, "explorer").await;
        assert!(missing.is_empty(), "{missing:?}");
        driver.quit().await.unwrap();
    });
}
