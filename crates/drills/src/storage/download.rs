//! Downloads: in parts, several at once, each held against the content that was listed.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use md5::{Digest, Md5};
use rusty_s3::Method;

use super::{Object, Store};
use crate::scratch::{Scratch, disk};
use crate::{Progress, Stop};

/// The size of a part, in bytes.
const PART: u64 = 8 << 20;

/// Parts that are fetched at once.
const AT_ONCE: u64 = 4;

/// How often a part that fails on the way is asked for.
const TRIES: u32 = 3;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// What the threads of a download share.
struct Shared {
    store: Store,
    object: Object,
    file: File,
    next: AtomicU64,
    done: AtomicU64,
    stop: AtomicBool,
    /// The storage encrypts: its ETag is no digest of the content.
    opaque: AtomicBool,
}

/// How a part ended.
enum End {
    /// It is there.
    Done,
    /// It is not, and asking again may help.
    Again(String),
    /// It is not.
    Failed(Stop),
}

impl Store {
    /// Downloads an object into a file of the scratch folder. `before` bytes of `total` are there already.
    ///
    /// # Errors
    /// When it is not what was listed, or did not arrive whole.
    pub fn download(
        &self,
        object: &Object,
        to: &Path,
        scratch: &mut Scratch,
        progress: &mut Progress,
        (before, total): (u64, u64),
    ) -> Result<(), Stop> {
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(to)
            .and_then(|file| file.set_len(object.size).map(|()| file))
            .map_err(|error| disk(to, &error))?;
        let shared = Arc::new(Shared {
            store: self.clone(),
            object: object.clone(),
            file,
            next: AtomicU64::new(0),
            done: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            opaque: AtomicBool::new(false),
        });
        let parts = object.size.div_ceil(PART);
        let (tell, told) = channel();
        let tell = Mutex::new(tell);
        for _ in 0..parts.min(AT_ONCE) {
            let shared = Arc::clone(&shared);
            let tell =
                tell.lock().map(|tell| tell.clone()).map_err(|_| Stop::could_not("a thread was lost"))?;
            std::thread::spawn(move || {
                let _ = tell.send(shared.work(parts));
            });
        }
        drop(tell);
        let ended = watch(&shared, &told, scratch, &mut |done| progress.advance(before + done, total));
        if ended.is_err() {
            // Threads that wait for the network end by themselves.
            shared.stop.store(true, Ordering::Relaxed);
        }
        ended?;
        if shared.done.load(Ordering::Relaxed) != object.size {
            return Err(Stop::CouldNot(format!("{}: it did not arrive whole", object.key)));
        }
        if shared.opaque.load(Ordering::Relaxed) {
            return Ok(());
        }
        same(&shared.file, object, scratch)
    }
}

/// Waits for the threads.
fn watch(
    shared: &Shared,
    told: &Receiver<Result<(), Stop>>,
    scratch: &mut Scratch,
    advance: &mut dyn FnMut(u64),
) -> Result<(), Stop> {
    loop {
        scratch.check()?;
        match told.recv_timeout(PAUSE) {
            Ok(ended) => ended?,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
            Err(RecvTimeoutError::Timeout) => {}
        }
        advance(shared.done.load(Ordering::Relaxed));
    }
}

/// An object that came in one piece has the digest of its content for an ETag.
fn same(file: &File, object: &Object, scratch: &mut Scratch) -> Result<(), Stop> {
    let digest = object.etag.len() == 32 && object.etag.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !digest {
        return Ok(());
    }
    let mut hash = Md5::new();
    let mut buffer = vec![0_u8; 1 << 20];
    let mut at = 0;
    loop {
        scratch.check()?;
        let length = file
            .read_at(&mut buffer, at)
            .map_err(|error| Stop::CouldNot(format!("{}: {error}", object.key)))?;
        if length == 0 {
            break;
        }
        hash.update(&buffer[..length]);
        at += length as u64;
    }
    let found: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    if found == object.etag.to_ascii_lowercase() {
        return Ok(());
    }
    Err(Stop::CouldNot(format!(
        "{}: what arrived is not what is stored there (the ETag is {}, and the digest of what arrived {found})",
        object.key, object.etag
    )))
}

impl Shared {
    /// Fetches parts until none is left.
    fn work(&self, parts: u64) -> Result<(), Stop> {
        loop {
            let part = self.next.fetch_add(1, Ordering::Relaxed);
            if part >= parts {
                return Ok(());
            }
            let mut tries = 0;
            loop {
                if self.stop.load(Ordering::Relaxed) {
                    return Ok(());
                }
                tries += 1;
                match self.part(part * PART) {
                    End::Done => break,
                    End::Again(_) if tries < TRIES => {
                        std::thread::sleep(Duration::from_millis(300 << tries));
                    }
                    End::Again(why) => {
                        return Err(Stop::CouldNot(format!(
                            "{}: the download was cut off {tries} times: {why}",
                            self.object.key
                        )));
                    }
                    End::Failed(stop) => return Err(stop),
                }
            }
        }
    }

    fn part(&self, start: u64) -> End {
        let end = (start + PART).min(self.object.size);
        let key = &self.object.key;
        let range = format!("bytes={start}-{}", end - 1);
        let quoted = format!("\"{}\"", self.object.etag);
        let mut headers = vec![("range", range.as_str())];
        if !self.object.etag.is_empty() {
            headers.push(("if-match", &quoted));
        }
        let answer = match self.store.ask(Method::Get, key, &[], &headers, None) {
            Ok(answer) => answer,
            Err(stop) => return End::Again(stop.to_string()),
        };
        match answer.status {
            206 => {}
            // A storage without ranges gives all of it, which is right where that is the part.
            200 if start == 0 && end == self.object.size => {}
            200 => {
                return End::Failed(Stop::CouldNot(format!(
                    "{key}: {} gives no parts of objects",
                    self.store.shown()
                )));
            }
            412 => {
                return End::Failed(Stop::CouldNot(format!(
                    "{key} was overwritten while it was read; run the drill when the backup job is done"
                )));
            }
            404 => {
                return End::Failed(Stop::CouldNot(format!("{key} was deleted while it was read")));
            }
            status => {
                let stop = self.store.refused(answer, &format!("{key} cannot be read"));
                return if status >= 500 || status == 429 {
                    End::Again(stop.to_string())
                } else {
                    End::Failed(stop)
                };
            }
        }
        if answer.header("x-amz-server-side-encryption").is_some_and(|how| how != "AES256")
            || answer.header("x-amz-server-side-encryption-customer-algorithm").is_some()
        {
            self.opaque.store(true, Ordering::Relaxed);
        }
        let mut body = answer.body.into_reader();
        let mut buffer = vec![0_u8; 128 << 10];
        let mut at = start;
        let cut = |at: u64, why: String| {
            self.done.fetch_sub(at - start, Ordering::Relaxed);
            End::Again(why)
        };
        while at < end {
            if self.stop.load(Ordering::Relaxed) {
                return End::Done;
            }
            let wanted = usize::try_from(end - at).unwrap_or(usize::MAX).min(buffer.len());
            match body.read(&mut buffer[..wanted]) {
                Ok(0) => return cut(at, format!("it ended after {} of {} bytes", at, self.object.size)),
                Ok(length) => {
                    if let Err(error) = self.file.write_all_at(&buffer[..length], at) {
                        return End::Failed(disk(Path::new(key), &error));
                    }
                    at += length as u64;
                    self.done.fetch_add(length as u64, Ordering::Relaxed);
                }
                Err(error) => return cut(at, format!("after {at} of {} bytes: {error}", self.object.size)),
            }
        }
        End::Done
    }
}
