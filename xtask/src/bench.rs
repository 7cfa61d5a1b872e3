//! How long `seaworthy check` takes beside `rg -c` with a pattern that matches nothing, over the same files.
//!
//! It prints figures and judges none: times depend on the machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::step::{on_path, output, program, show};

/// The folder whose subfolders are trees to measure on.
const TREES: &str = "SEAWORTHY_BENCH_TREES";

/// The task.
pub fn run(root: &Path, arguments: &[&str]) -> Outcome {
    let options = Options::read(arguments)?;
    let trees = std::env::var_os(TREES).map(|folder| trees(Path::new(&folder))).unwrap_or_default();
    let large = match options.folder {
        Some(folder) => Tree::open(&folder)?,
        None => trees.iter().max_by_key(|tree| tree.files.len()).cloned().ok_or_else(|| {
            format!("name a folder to measure on, or set {TREES} to a folder that holds some")
        })?,
    };
    let small = match options.small {
        Some(folder) => Some(Tree::open(&folder)?),
        None => trees.into_iter().filter(|tree| tree.files.len() >= 20).min_by_key(|tree| tree.files.len()),
    };
    if !on_path("rg") {
        return Err("`rg` (ripgrep) is not on the path".to_owned());
    }
    let seaworthy = program(root, true)?;

    println!("large: {}", large.describe());
    let list = std::env::temp_dir().join(format!("seaworthy-bench-{}", std::process::id()));
    large.write_list(&list)?;
    let outcome = measure(&seaworthy, &large, &list, options.runs);
    let _ = fs::remove_file(&list);
    let (ours, theirs) = outcome?;
    println!("  seaworthy check  {ours}");
    println!("  rg -c            {theirs}");
    println!("  ratio of medians {:.2}", ours.median().as_secs_f64() / theirs.median().as_secs_f64());
    println!("  peak memory      {}", peak_memory(&seaworthy, &large.folder)?);
    match small {
        Some(small) => {
            println!("small: {}", small.describe());
            let mut times = Times::default();
            timed(&mut check(&seaworthy, &small.folder), &[0, 1])?;
            for _ in 0..options.runs {
                times.0.push(timed(&mut check(&seaworthy, &small.folder), &[0, 1])?);
            }
            println!("  seaworthy check  {times}");
        }
        None => println!("small: not measured (--small FOLDER names one)"),
    }
    Ok(())
}

struct Options {
    folder: Option<PathBuf>,
    small: Option<PathBuf>,
    runs: usize,
}

impl Options {
    fn read(arguments: &[&str]) -> Result<Options, String> {
        let mut options = Options { folder: None, small: None, runs: 10 };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} wants a value"));
            match *argument {
                "--small" => options.small = Some(value()?.into()),
                "--runs" => {
                    options.runs = value()?.parse().map_err(|_| "--runs wants a number".to_owned())?;
                }
                flag if flag.starts_with('-') => return Err(format!("there is no option {flag}")),
                folder if options.folder.is_none() => options.folder = Some(folder.into()),
                more => return Err(format!("one folder is measured; {more} is a second one")),
            }
        }
        if options.runs == 0 { Err("at least one run".to_owned()) } else { Ok(options) }
    }
}

/// A folder and the regular files in it that git tracks.
#[derive(Debug, Clone)]
struct Tree {
    folder: PathBuf,
    files: Vec<PathBuf>,
    bytes: u64,
}

impl Tree {
    fn open(folder: &Path) -> Result<Tree, String> {
        let folder = folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()))?;
        let listed = output(Command::new("git").current_dir(&folder).args(["ls-files", "-z"]), &[0])?;
        let mut tree = Tree { folder, files: Vec::new(), bytes: 0 };
        for name in listed.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
            let Ok(name) = std::str::from_utf8(name) else { continue };
            if let Ok(metadata) = tree.folder.join(name).symlink_metadata()
                && metadata.is_file()
            {
                tree.files.push(name.into());
                tree.bytes += metadata.len();
            }
        }
        if tree.files.is_empty() {
            return Err(format!("git tracks no files in {}", tree.folder.display()));
        }
        Ok(tree)
    }

    fn describe(&self) -> String {
        #[allow(clippy::cast_precision_loss)]
        let megabytes = self.bytes as f64 / 1e6;
        format!("{}, {} tracked files, {megabytes:.1} MB", self.folder.display(), self.files.len())
    }

    /// The names for `xargs -0`.
    fn write_list(&self, list: &Path) -> Outcome {
        let mut text = Vec::new();
        for file in &self.files {
            text.extend_from_slice(file.as_os_str().as_encoded_bytes());
            text.push(0);
        }
        fs::write(list, text).map_err(|error| format!("{}: {error}", list.display()))
    }
}

fn trees(folder: &Path) -> Vec<Tree> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries
        .flatten()
        .filter(|e| e.path().join(".git").exists())
        .filter_map(|e| Tree::open(&e.path()).ok())
        .collect()
}

/// Both programs by turns, so that whatever else the machine does hits both.
fn measure(seaworthy: &Path, tree: &Tree, list: &Path, runs: usize) -> Result<(Times, Times), String> {
    // Made up here, so that this file does not hold it.
    let pattern = format!("no{}such{}text", std::process::id(), tree.files.len());
    let mut search = Command::new("xargs");
    search.current_dir(&tree.folder).args(["-0", "-s", "2000000", "-a"]).arg(list);
    search.args(["rg", "-c", "--no-config", "--no-messages", "-e", &pattern, "--"]);
    let mut check = check(seaworthy, &tree.folder);
    let (mut ours, mut theirs) = (Times::default(), Times::default());
    for run in 0..runs + 2 {
        let own = timed(&mut check, &[0, 1])?;
        // What xargs says when ripgrep found nothing.
        let peer = timed(&mut search, &[123])?;
        if run >= 2 {
            ours.0.push(own);
            theirs.0.push(peer);
        }
    }
    Ok((ours, theirs))
}

fn check(seaworthy: &Path, folder: &Path) -> Command {
    let mut command = Command::new(seaworthy);
    command.arg("check").arg(folder).args(["--format", "json"]);
    command
}

fn timed(command: &mut Command, codes: &[i32]) -> Result<Duration, String> {
    let began = Instant::now();
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|error| format!("`{}` could not be started: {error}", show(command)))?;
    let took = began.elapsed();
    if status.code().is_some_and(|code| codes.contains(&code)) {
        Ok(took)
    } else {
        Err(format!("`{}` ended with {status}", show(command)))
    }
}

/// The high-water mark of resident memory, as the kernel keeps it, read until the program ends.
fn peak_memory(seaworthy: &Path, folder: &Path) -> Result<String, String> {
    let mut child = check(seaworthy, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0u64;
    while child.try_wait().map_err(|error| error.to_string())?.is_none() {
        if let Ok(text) = fs::read_to_string(&status) {
            let mark = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kilobytes = mark.and_then(|mark| mark.split_whitespace().next()?.parse::<u64>().ok());
            peak = peak.max(kilobytes.unwrap_or(0));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(if peak == 0 { "not known on this system".to_owned() } else { format!("{} MB", peak / 1000) })
}

#[derive(Debug, Default)]
struct Times(Vec<Duration>);

impl Times {
    fn sorted(&self) -> Vec<Duration> {
        let mut times = self.0.clone();
        times.sort();
        times
    }

    fn median(&self) -> Duration {
        let times = self.sorted();
        match times.len() {
            0 => Duration::ZERO,
            count if count % 2 == 1 => times[count / 2],
            count => (times[count / 2 - 1] + times[count / 2]) / 2,
        }
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let times = self.sorted();
        let ms = |time: Option<&Duration>| time.copied().unwrap_or_default().as_secs_f64() * 1000.0;
        write!(
            f,
            "median {:.1} ms, from {:.1} to {:.1}, n = {}",
            ms(Some(&self.median())),
            ms(times.first()),
            ms(times.last()),
            times.len()
        )
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        let times = |ms: &[u64]| Times(ms.iter().map(|ms| Duration::from_millis(*ms)).collect()).median();
        assert_eq!(times(&[5, 1, 9]), Duration::from_millis(5));
        assert_eq!(times(&[5, 1, 9, 7]), Duration::from_millis(6));
    }

    #[test]
    fn options_are_read_and_nonsense_is_refused() {
        let options = Options::read(&["tree", "--runs", "3", "--small", "app"]).unwrap();
        assert_eq!(
            (options.folder, options.small, options.runs),
            (Some("tree".into()), Some("app".into()), 3)
        );
        for wrong in [&["--runs"][..], &["--runs", "x"], &["--runs", "0"], &["--what"], &["a", "b"]] {
            assert!(Options::read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_program_that_fails_gives_no_time() {
        assert!(timed(&mut Command::new("false"), &[0]).is_err());
        assert!(timed(&mut Command::new("true"), &[0]).is_ok());
    }
}
