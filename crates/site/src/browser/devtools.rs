//! A browser of its own, started with an empty profile and spoken to over the DevTools protocol.
//!
//! Source: <https://chromedevtools.github.io/devtools-protocol/>. Only what is needed here: commands with their answers,
//! and events, both bounded.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket, client::IntoClientRequest};

/// Events that are kept until somebody asks for them.
const EVENTS: usize = 20_000;
/// The longest message that is read, in bytes.
const LONGEST: usize = 32 * 1024 * 1024;
/// How long the browser may take to come up.
const START: Duration = Duration::from_secs(20);

/// A running browser. It ends, and its profile goes, when this is dropped.
pub struct Chromium {
    child: Child,
    socket: WebSocket<TcpStream>,
    next: u64,
    events: VecDeque<Event>,
    profile: Option<tempfile::TempDir>,
}

/// Something that happened in a page.
#[derive(Debug, Clone)]
pub struct Event {
    /// The session of the page.
    pub session: String,
    /// Its name, such as `Network.requestWillBeSent`.
    pub method: String,
    /// What it says.
    pub params: Value,
}

/// The browser that is installed here; none where there is none.
pub fn installed() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM").map(PathBuf::from) {
        return named.is_file().then_some(named);
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|folder| {
            ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"]
                .map(|name| folder.join(name))
        })
        .find(|program| program.is_file())
}

impl Chromium {
    /// Starts the program with these further arguments.
    ///
    /// # Errors
    /// When it cannot be started or does not answer, in one sentence.
    pub fn start(program: &Path, further: &[String]) -> Result<Chromium, String> {
        let profile = tempfile::Builder::new()
            .prefix("seaworthy-browser-")
            .tempdir()
            .map_err(|error| format!("no folder for its profile: {error}"))?;
        let mut command = Command::new(program);
        command
            .args([
                "--headless",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--no-default-browser-check",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-extensions",
                "--disable-dev-shm-usage",
                "--mute-audio",
                "--remote-debugging-port=0",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(further)
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        // Its own sandbox refuses to run as root.
        if rustix::process::geteuid().is_root() {
            command.arg("--no-sandbox");
        }
        let mut child =
            command.spawn().map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
        let address = match listening(&mut child) {
            Ok(address) => address,
            Err(why) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(why);
            }
        };
        match connect(&address) {
            Ok(socket) => {
                Ok(Chromium { child, socket, next: 0, events: VecDeque::new(), profile: Some(profile) })
            }
            Err(why) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(why)
            }
        }
    }

    /// Sends a command and waits for its answer.
    ///
    /// # Errors
    /// When the browser refuses it or does not answer in time, in one sentence.
    pub fn ask(&mut self, session: Option<&str>, method: &str, params: Value) -> Result<Value, String> {
        self.next += 1;
        let id = self.next;
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = json!(session);
        }
        self.socket
            .send(Message::text(message.to_string()))
            .map_err(|error| format!("the browser went away: {error}"))?;
        let until = Instant::now() + Duration::from_secs(15);
        while Instant::now() < until {
            let Some(answer) = self.receive(until)? else { continue };
            if answer["id"] == json!(id) {
                if let Some(error) = answer.get("error") {
                    return Err(format!("{method}: {}", error["message"].as_str().unwrap_or("refused")));
                }
                return Ok(answer["result"].clone());
            }
        }
        Err(format!("{method}: the browser did not answer in time"))
    }

    /// Takes what happens in a page until `done` says so or the time is up.
    ///
    /// # Errors
    /// When the browser went away.
    pub fn events(
        &mut self,
        session: &str,
        time: Duration,
        mut take: impl FnMut(&Event),
        mut done: impl FnMut(&Event) -> bool,
    ) -> Result<(), String> {
        let until = Instant::now() + time;
        loop {
            while let Some(event) = self.events.pop_front() {
                if event.session == session {
                    take(&event);
                    if done(&event) {
                        return Ok(());
                    }
                }
            }
            if Instant::now() >= until {
                return Ok(());
            }
            self.receive(until)?;
        }
    }

    /// One message: an answer is given back, an event is kept.
    fn receive(&mut self, until: Instant) -> Result<Option<Value>, String> {
        let wait = until.saturating_duration_since(Instant::now()).min(Duration::from_millis(200));
        let _ = self.socket.get_ref().set_read_timeout(Some(wait.max(Duration::from_millis(1))));
        let text = match self.socket.read() {
            Ok(Message::Text(text)) => text,
            Ok(_) => return Ok(None),
            Err(tungstenite::Error::Io(error))
                if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(format!("the browser went away: {error}")),
        };
        let Ok(mut value) = serde_json::from_str::<Value>(text.as_str()) else { return Ok(None) };
        if value.get("id").is_some() {
            return Ok(Some(value));
        }
        if self.events.len() < EVENTS {
            self.events.push_back(Event {
                session: value["sessionId"].as_str().unwrap_or_default().to_owned(),
                method: value["method"].as_str().unwrap_or_default().to_owned(),
                params: value["params"].take(),
            });
        }
        Ok(None)
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.ask(None, "Browser.close", json!({}));
        let until = Instant::now() + Duration::from_secs(3);
        while Instant::now() < until && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        drop(self.profile.take());
    }
}

/// The address that the browser says it listens on.
fn listening(child: &mut Child) -> Result<String, String> {
    let stderr = child.stderr.take().ok_or("the browser's messages cannot be read")?;
    let (sender, receiver) = mpsc::channel();
    // Reads on after the address, so that the browser never waits for a full pipe.
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if let Some(address) = line.strip_prefix("DevTools listening on ") {
                let _ = sender.send(address.trim().to_owned());
            }
        }
    });
    receiver.recv_timeout(START).map_err(|_| "the browser did not come up in 20 seconds".to_owned())
}

fn connect(address: &str) -> Result<WebSocket<TcpStream>, String> {
    let wrong = |why: String| format!("the browser cannot be spoken to: {why}");
    let request = address.into_client_request().map_err(|error| wrong(error.to_string()))?;
    let host = request.uri().authority().map(|authority| authority.as_str().to_owned()).unwrap_or_default();
    let stream = TcpStream::connect(&host).map_err(|error| wrong(error.to_string()))?;
    let config = tungstenite::protocol::WebSocketConfig::default()
        .max_message_size(Some(LONGEST))
        .max_frame_size(Some(LONGEST));
    tungstenite::client::client_with_config(request, stream, Some(config))
        .map(|(socket, _)| socket)
        .map_err(|error| wrong(error.to_string()))
}
