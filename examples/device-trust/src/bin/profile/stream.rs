//! Files, `-` and the terminal.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use device_trust::{Output, program::read_at_most};
use mobileconfig::{
    Limits, Note, Profile,
    plist::{Dictionary, Value},
    read_plist,
};

/// The content of a file, or of the standard input for `-`.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, String> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    let limit = Limits::default().bytes();
    let read = if file == Path::new("-") {
        if TAKEN.swap(true, Ordering::Relaxed) {
            return Err("only one of the files can come from the standard input".to_owned());
        }
        read_at_most(limit, io::stdin())
    } else {
        fs::File::open(file).and_then(|file| read_at_most(limit, file))
    };
    read.map_err(|error| format!("{} cannot be read: {error}", name(file)))
}

/// What is in a file that is a profile, or would be one if it were whole.
pub(crate) struct Rough {
    pub(crate) content: Vec<u8>,
    pub(crate) keys: Dictionary,
    pub(crate) notes: Vec<Note>,
}

/// Whatever of a profile there is in a file.
pub(crate) fn read_rough(file: &Path) -> Result<Rough, String> {
    let content = read(file)?;
    let (value, notes) =
        read_plist(&content, &Limits::default()).map_err(|error| about(file, error))?;
    let Value::Dictionary(keys) = value else {
        return Err(about(file, "a profile is a dictionary, and this is none"));
    };
    if !TOP.iter().any(|key| keys.contains_key(key)) {
        return Err(about(file, "no profile: it has none of a profile's keys"));
    }
    Ok(Rough {
        content,
        keys,
        notes,
    })
}

const TOP: [&str; 5] = [
    "PayloadType",
    "PayloadIdentifier",
    "PayloadUUID",
    "PayloadVersion",
    "PayloadContent",
];

impl Rough {
    /// Paths of the keys that every profile and every payload has and that are missing here.
    pub(crate) fn missing(&self) -> Vec<String> {
        let encrypted = self.keys.contains_key("EncryptedPayloadContent");
        let mut missing: Vec<String> = TOP
            .iter()
            .filter(|key| !(self.keys.contains_key(key) || encrypted && **key == "PayloadContent"))
            .map(|key| (*key).to_owned())
            .collect();
        let payloads = self.keys.get("PayloadContent").and_then(Value::as_array);
        for (index, payload) in payloads.into_iter().flatten().enumerate() {
            let Some(keys) = payload.as_dictionary() else {
                continue;
            };
            let absent = TOP[..4].iter().filter(|key| !keys.contains_key(key));
            missing.extend(absent.map(|key| format!("PayloadContent[{index}].{key}")));
        }
        missing
    }
}

/// The profile in a file, and what was unusual about it.
pub(crate) fn read_profile(file: &Path) -> Result<(Profile, Vec<Note>), String> {
    Profile::read(read(file)?).map_err(|error| about(file, error))
}

/// Writes to a file that only its owner may read, or to the standard output for `-`.
pub(crate) fn write(file: &Path, content: &[u8]) -> Result<(), String> {
    if file == Path::new("-") {
        let mut stdout = io::stdout().lock();
        return stdout
            .write_all(content)
            .and_then(|()| stdout.flush())
            .map_err(|error| format!("the standard output cannot be written: {error}"));
    }
    // A device or a pipe takes what is written to it; only a file can be put in the place of another.
    if fs::metadata(file).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return fs::write(file, content)
            .map_err(|error| format!("{} cannot be written: {error}", file.display()));
    }
    let (Some(folder), Some(file_name)) = (
        file.parent(),
        file.file_name().and_then(|name| name.to_str()),
    ) else {
        return Err(format!("{} is no file name", file.display()));
    };
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    Output::new(folder)
        .write_secret(file_name, content)
        .map(drop)
        .map_err(|error| error.to_string())
}

/// Prints a remark beside what is printed.
pub(crate) fn remark(text: &str) {
    // Nothing sensible is left to do when stderr is gone.
    let _ = writeln!(io::stderr(), "{text}");
}

/// An error with the file it is about.
pub(crate) fn about(file: &Path, error: impl std::fmt::Display) -> String {
    format!("{}: {error}", name(file))
}

/// Text that may come from anywhere, so that it cannot steer the terminal.
pub(crate) fn harmless(text: &str) -> String {
    if text.chars().any(char::is_control) {
        text.escape_debug().to_string()
    } else {
        text.to_owned()
    }
}

fn name(file: &Path) -> String {
    if file == Path::new("-") {
        "the standard input".to_owned()
    } else {
        file.display().to_string()
    }
}
