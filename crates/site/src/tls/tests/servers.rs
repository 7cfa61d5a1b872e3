//! Servers on free ports of this machine, ended when they go out of scope.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use seaworthy_testkit::servers as testkit;
pub use seaworthy_testkit::servers::free_port;

/// A program that serves.
pub struct Server {
    _process: testkit::Server,
    pub address: SocketAddr,
}

fn started(command: Command, port: u16) -> Server {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    Server { _process: testkit::Server::program(command, port), address }
}

/// `openssl s_server` with these options.
pub fn openssl(folder: &Path, options: &[&str]) -> Server {
    let port = free_port();
    let mut command = Command::new("openssl");
    command
        .args(["s_server", "-accept", &format!("127.0.0.1:{port}"), "-www"])
        .args(options)
        .current_dir(folder)
        .env("OPENSSL_CONF", "/dev/null");
    started(command, port)
}

/// nginx with this inside of its `server` block.
pub fn nginx(folder: &Path, inside: &str) -> Server {
    let port = free_port();
    let settings = format!(
        "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log nginx.log;\nevents {{}}\nhttp {{\n access_log off;\n \
         client_body_temp_path b;\n proxy_temp_path p;\n fastcgi_temp_path f;\n uwsgi_temp_path u;\n scgi_temp_path s;\n \
         server {{\n listen 127.0.0.1:{port} ssl http2;\n {inside}\n return 204;\n }}\n}}\n"
    );
    fs::write(folder.join("nginx.conf"), settings).unwrap();
    let mut command = Command::new("nginx");
    command
        .arg("-p")
        .arg(folder)
        .args(["-c", "nginx.conf", "-e", "nginx.log"])
        .env("OPENSSL_CONF", "/dev/null");
    started(command, port)
}

/// Caddy for `app.example` with these global options and this inside of the site's block.
pub fn caddy(folder: &Path, port: u16, global: &str, inside: &str) -> Server {
    let settings = format!(
        "{{\n admin off\n skip_install_trust\n auto_https disable_redirects\n https_port {port}\n {global}\n}}\n\
         https://app.example:{port} {{\n bind 127.0.0.1\n respond 204\n {inside}\n}}\n"
    );
    fs::write(folder.join("Caddyfile"), settings).unwrap();
    let mut command = Command::new("caddy");
    command
        .args(["run", "--adapter", "caddyfile", "--config", "Caddyfile"])
        .current_dir(folder)
        .env("XDG_DATA_HOME", folder)
        .env("XDG_CONFIG_HOME", folder)
        .env("HOME", folder);
    started(command, port)
}

/// The test authority of Let's Encrypt, which finds every name valid.
pub fn pebble(folder: &Path, certificate: &str, key: &str) -> Server {
    let (port, management) = (free_port(), free_port());
    let settings = format!(
        r#"{{"pebble": {{"listenAddress": "127.0.0.1:{port}", "managementListenAddress": "127.0.0.1:{management}",
        "certificate": "{certificate}", "privateKey": "{key}", "httpPort": 1, "tlsPort": 1, "ocspResponderURL": "",
        "externalAccountBindingRequired": false}}}}"#
    );
    fs::write(folder.join("pebble.json"), settings).unwrap();
    let mut command = Command::new("pebble");
    command.args(["-config", "pebble.json"]).current_dir(folder).envs([
        ("PEBBLE_VA_ALWAYS_VALID", "1"),
        ("PEBBLE_VA_NOSLEEP", "1"),
        ("PEBBLE_WFE_NONCEREJECT", "0"),
    ]);
    started(command, port)
}

/// Answers each connection by a function of its own, in a thread that ends with the test.
pub fn own(answer: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            std::thread::spawn(move || answer(stream));
        }
    });
    address
}

/// The version and the suites of a client's hello.
pub fn hello(stream: &mut TcpStream) -> Option<(u16, Vec<u16>)> {
    let mut head = [0; 5];
    stream.read_exact(&mut head).ok()?;
    let mut body = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
    stream.read_exact(&mut body).ok()?;
    let short = |at: usize| u16::from_be_bytes([body[at], body[at + 1]]);
    let at = 39 + usize::from(body[38]);
    let count = usize::from(short(at));
    Some((short(4), (at + 2..at + 2 + count).step_by(2).map(short).collect()))
}

/// Bytes, and then the end.
pub fn send(mut stream: TcpStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    // A close with unread bytes would be a reset.
    hold(stream);
}

/// Nothing, until the other side goes away.
pub fn hold(mut stream: TcpStream) {
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).is_ok_and(|count| count > 0) {}
}
