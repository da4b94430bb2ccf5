//! The plan of the house: a room imports only from floors below it, and the pure rooms touch nothing.

use std::fs;
use std::path::{Path, PathBuf};

/// Every room and its floor; two rooms on one floor do not know each other.
const FLOORS: [(&str, u8); 14] = [
    ("model", 1),
    ("text", 1),
    ("telemetry", 1),
    ("rules", 2),
    ("feeds", 2),
    ("alerting", 2),
    ("store", 2),
    ("fetch", 2),
    ("mail", 2),
    ("matching", 3),
    ("web", 3),
    ("config", 4),
    ("daemon", 5),
    ("cli", 6),
];

const PURE: [&str; 6] = ["model", "text", "rules", "feeds", "alerting", "matching"];

const TOUCHES_THE_WORLD: [&str; 7] = ["async ", "tokio::", "reqwest", "std::fs", "std::net", "::now()", "tracing::"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        if entry.is_dir() {
            found.extend(sources(&entry));
        } else if entry.extension().is_some_and(|e| e == "rs") {
            found.push(entry);
        }
    }
    found.sort();
    found
}

/// The code of a file, line by line, without its comments and its unit tests.
fn code(file: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(file).unwrap();
    text.lines()
        .enumerate()
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
        .map(|(i, line)| (i + 1, line.split("//").next().unwrap_or_default().to_owned()))
        .collect()
}

fn room_of(file: &Path, src: &Path) -> Option<String> {
    let mut steps = file.strip_prefix(src).unwrap().components();
    let room = steps.next()?.as_os_str().to_str()?.to_owned();
    steps.next().map(|_| room)
}

fn each_line_of_a_room(mut look: impl FnMut(&str, &str, &str)) {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in sources(&src) {
        let Some(room) = room_of(&file, &src) else { continue };
        assert!(FLOORS.iter().any(|(name, _)| *name == room), "{room} has no floor: add it to FLOORS and to src/lib.rs");
        for (number, line) in code(&file) {
            look(&room, &format!("{}:{number}", file.strip_prefix(&src).unwrap().display()), &line);
        }
    }
}

#[test]
fn a_room_imports_only_from_floors_below_it() {
    let floor = |room: &str| FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor);
    let mut faults = Vec::new();
    each_line_of_a_room(|room, place, line| {
        for (at, _) in line.match_indices("crate::") {
            let target: String = line[at + 7..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let Some(below) = floor(&target) else {
                faults.push(format!("{place}: name the room, not `crate::{target}`"));
                continue;
            };
            if target != room && below >= floor(room).unwrap() {
                faults.push(format!("{place}: {room} (floor {}) reaches up to {target} (floor {below})", floor(room).unwrap()));
            }
        }
    });
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn pure_rooms_touch_nothing() {
    let mut faults = Vec::new();
    each_line_of_a_room(|room, place, line| {
        for word in TOUCHES_THE_WORLD.iter().filter(|word| PURE.contains(&room) && line.contains(*word)) {
            faults.push(format!("{place}: {room} is pure, yet says `{}`", word.trim()));
        }
    });
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn files_stay_short() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let long: Vec<_> = sources(&src)
        .into_iter()
        .map(|file| (fs::read_to_string(&file).unwrap().lines().count(), file))
        .filter(|(lines, _)| *lines > 400)
        .collect();
    assert!(long.is_empty(), "more than 400 lines, so more than one idea: {long:?}");
}

#[test]
fn every_folder_has_a_sign_on_its_door() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in sources(&src) {
        let first = fs::read_to_string(&file).unwrap().lines().next().unwrap_or_default().to_owned();
        assert!(first.starts_with("//! "), "{} begins without a sentence that says what it is", file.display());
    }
}
