//! The files of a service: what a generation has of it, read or about to be written, and how people
//! see it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A file: what is in it, and whether it is executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its text.
    pub text: String,
    /// Whether it is executed.
    pub is_program: bool,
}

/// Files by their paths in a generation.
pub type Files = BTreeMap<String, File>;

/// Reads what a generation has of a service: nothing of a group.
pub fn read(generation: &Path, name: &str) -> io::Result<Files> {
    let mut files = Files::new();
    for dir in [format!("services/{name}"), format!("services/{name}/log")] {
        let entries = match fs::read_dir(generation.join(&dir)) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                let path = format!("{dir}/{}", entry.file_name().to_string_lossy());
                files.insert(path, file(&entry.path())?);
            }
        }
    }
    let script = format!("log/{name}");
    match file(&generation.join(&script)) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        found => files.extend(found.ok().map(|file| (script, file))),
    }
    Ok(files)
}

fn file(path: &Path) -> io::Result<File> {
    let text = String::from_utf8_lossy(&fs::read(path)?).into_owned();
    let is_program = fs::metadata(path)?.permissions().mode() & 0o111 != 0;
    Ok(File { text, is_program })
}

/// The path of one of them as seen from the service directory.
pub fn short<'a>(path: &'a str, name: &str) -> &'a str {
    let inner = path.strip_prefix("services/").and_then(|path| path.strip_prefix(name));
    inner.and_then(|path| path.strip_prefix('/')).unwrap_or(path)
}

/// The files of one service, in a form that can be run if `run` is all.
pub fn shown(name: &str, mut files: Files) -> String {
    let run = files.remove(&format!("services/{name}/run"));
    let mut text = run.map_or_else(|| "# a group: nothing runs\n".to_owned(), |file| file.text);
    for (path, file) in &files {
        let path = short(path, name);
        if file.is_program || file.text.matches('\n').count() > 1 {
            text += &format!("\n# {path}:\n");
            file.text.lines().for_each(|line| text += &format!("#   {line}\n"));
        } else {
            text += &format!("# {path}: {}", file.text);
        }
    }
    text
}
