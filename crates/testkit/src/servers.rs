//! Real servers, started by a test on a free port of this machine and ended with it.

use std::fs;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A port that nobody listens on now.
///
/// # Panics
/// When this machine has none.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on the loopback");
    listener.local_addr().expect("its address").port()
}

/// A certification authority of the test's own and a certificate for `localhost` and 127.0.0.1.
#[derive(Debug)]
pub struct Certificates {
    folder: TempDir,
}

impl Certificates {
    /// Makes them with `openssl`, valid for `days` from now.
    ///
    /// # Panics
    /// When `openssl` is missing (Debian package `openssl`) or fails.
    pub fn make(days: u32) -> Certificates {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
            .expect("a file in the scratch folder");
        let days = days.to_string();
        openssl(
            folder.path(),
            &[
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-keyout",
                "ca.key",
                "-out",
                "ca.pem",
                "-days",
                "3650",
                "-subj",
                "/CN=Test authority",
            ],
        );
        openssl(
            folder.path(),
            &[
                "req",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-keyout",
                "server.key",
                "-out",
                "server.csr",
                "-subj",
                "/CN=localhost",
            ],
        );
        openssl(
            folder.path(),
            &[
                "x509",
                "-req",
                "-in",
                "server.csr",
                "-CA",
                "ca.pem",
                "-CAkey",
                "ca.key",
                "-CAcreateserial",
                "-days",
                &days,
                "-extfile",
                "names",
                "-out",
                "server.pem",
            ],
        );
        Certificates { folder }
    }

    /// The authority's certificate.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The server's certificate.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("server.pem")
    }

    /// Its key.
    pub fn key(&self) -> PathBuf {
        self.folder.path().join("server.key")
    }
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let output = Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("openssl is installed (Debian package openssl)");
    assert!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
}

/// A server that ends with the test.
#[derive(Debug)]
pub struct Server {
    child: Child,
    folder: TempDir,
}

impl Server {
    /// nginx with this `http` block. `{folder}` in it stands for its folder, in which `html` is made.
    ///
    /// # Panics
    /// When nginx is missing (Debian package `nginx-light`) or does not come up on `port`.
    pub fn nginx(port: u16, http: &str) -> Server {
        let folder = tempfile::tempdir().expect("a scratch folder");
        fs::create_dir(folder.path().join("html")).expect("a folder for pages");
        // Workers of a server that root starts run as somebody else.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            for path in [folder.path().to_owned(), folder.path().join("html")] {
                fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a readable folder");
            }
        }
        let place = folder.path().display().to_string();
        let http = http.replace("{folder}", &place);
        let config = format!(
            "daemon off;\nworker_processes 1;\npid {place}/pid;\nerror_log {place}/error.log;\nevents {{}}\n\
             http {{\naccess_log off;\nclient_body_temp_path {place}/body;\nproxy_temp_path {place}/proxy;\n\
             fastcgi_temp_path {place}/fastcgi;\nuwsgi_temp_path {place}/uwsgi;\nscgi_temp_path {place}/scgi;\n{http}\n}}\n"
        );
        fs::write(folder.path().join("nginx.conf"), config).expect("a configuration");
        let mut command = Command::new("nginx");
        command.arg("-p").arg(folder.path()).arg("-c").arg(folder.path().join("nginx.conf"));
        Server::start(command, port, folder)
    }

    /// Starts a program that needs no folder of its own and will listen on `port` of the loopback.
    ///
    /// # Panics
    /// As [`Server::start`].
    pub fn program(command: Command, port: u16) -> Server {
        Server::start(command, port, tempfile::tempdir().expect("a scratch folder"))
    }

    /// Starts a program that will listen on `port` of the loopback.
    ///
    /// # Panics
    /// When it cannot be started or does not listen within 20 seconds.
    pub fn start(mut command: Command, port: u16, folder: TempDir) -> Server {
        let log = fs::File::create(folder.path().join("output.log")).expect("a log");
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log"))
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut server = Server { child, folder };
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = server.child.try_wait().ok().flatten();
            assert!(
                ended.is_none() && Instant::now() < until,
                "{command:?} does not listen on {port}: {}",
                server.log().unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it wrote.
    ///
    /// # Errors
    /// When its log cannot be read.
    pub fn log(&self) -> io::Result<String> {
        fs::read_to_string(self.folder.path().join("output.log"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // nginx's first process takes its workers along on this signal, which the standard library cannot send.
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
