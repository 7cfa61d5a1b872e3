//! Certificates of every kind, made by OpenSSL.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A root, an intermediate below it, and a folder for what they issue.
pub struct Authority {
    folder: TempDir,
}

/// What a certificate is to be like.
pub struct Wish<'a> {
    pub issuer: &'a str,
    pub names: &'a str,
    pub key: &'a str,
    pub digest: &'a str,
    pub from: &'a str,
    pub until: &'a str,
    pub more: &'a str,
}

impl Default for Wish<'_> {
    fn default() -> Self {
        Wish {
            issuer: "intermediate",
            names: "DNS:app.example,DNS:*.app.example,IP:127.0.0.1",
            key: "ec",
            digest: "sha256",
            from: "20200101000000Z",
            until: "20491231235959Z",
            more: "",
        }
    }
}

/// Runs OpenSSL without the system's settings.
pub fn openssl(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .env("OPENSSL_CONF", "/dev/null")
        .output()
        .expect("openssl runs");
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

impl Authority {
    pub fn new() -> Authority {
        let authority = Authority { folder: TempDir::new().unwrap() };
        authority.key("root", "ec");
        let settings = "[req]\ndistinguished_name = name\n[name]\n[v3]\nbasicConstraints = critical, CA:true\nkeyUsage = critical, keyCertSign, cRLSign\nsubjectKeyIdentifier = hash\n";
        fs::write(authority.path("root.cnf"), settings).unwrap();
        let subject = "/O=Harbour Trust/CN=Harbour Root";
        openssl(
            authority.folder.path(),
            &[
                "req",
                "-x509",
                "-new",
                "-key",
                "root.key",
                "-subj",
                subject,
                "-days",
                "3650",
                "-config",
                "root.cnf",
                "-extensions",
                "v3",
                "-out",
                "root.pem",
            ],
        );
        authority.issue_as(
            "intermediate",
            "/O=Harbour Trust/CN=Harbour Intermediate",
            "basicConstraints = critical, CA:true",
            &Wish { issuer: "root", ..Wish::default() },
        );
        authority
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn key(&self, name: &str, kind: &str) {
        let file = format!("{name}.key");
        let mut arguments = vec!["genpkey", "-out", &file, "-algorithm"];
        let bits = kind.strip_prefix("rsa:").map(|bits| format!("rsa_keygen_bits:{bits}"));
        match &bits {
            Some(bits) => arguments.extend(["RSA", "-pkeyopt", bits]),
            None => arguments.extend(["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
        }
        openssl(self.folder.path(), &arguments);
    }

    /// Issues for a server; gives `NAME.pem` and `NAME.key`.
    pub fn issue(&self, name: &str, wish: &Wish) {
        let usage = "basicConstraints = CA:false\nextendedKeyUsage = serverAuth";
        self.issue_as(name, "/CN=app.example", usage, wish);
    }

    fn issue_as(&self, name: &str, subject: &str, usage: &str, wish: &Wish) {
        self.key(name, wish.key);
        let folder = self.folder.path();
        let request = format!("{name}.csr");
        openssl(
            folder,
            &[
                "req",
                "-new",
                "-key",
                &format!("{name}.key"),
                "-subj",
                subject,
                "-config",
                "root.cnf",
                "-out",
                &request,
            ],
        );
        let index = self.path(&format!("{}.index", wish.issuer));
        if !index.exists() {
            fs::write(&index, "").unwrap();
        }
        let names = if usage.contains("CA:true") {
            String::new()
        } else {
            format!("subjectAltName = {}", wish.names)
        };
        let settings = format!(
            "[ca]\ndefault_ca = own\n[own]\ndatabase = {issuer}.index\nnew_certs_dir = .\nrand_serial = yes\ndefault_md = {digest}\n\
             policy = any\nunique_subject = no\n[any]\nO = optional\ncommonName = supplied\n[v3]\nsubjectKeyIdentifier = hash\n\
             authorityKeyIdentifier = keyid\n{usage}\n{names}\n{more}\n",
            issuer = wish.issuer,
            digest = wish.digest,
            more = wish.more,
        );
        let config = format!("{name}.cnf");
        fs::write(self.path(&config), settings).unwrap();
        openssl(
            folder,
            &[
                "ca",
                "-batch",
                "-notext",
                "-config",
                &config,
                "-extensions",
                "v3",
                "-in",
                &request,
                "-cert",
                &format!("{}.pem", wish.issuer),
                "-keyfile",
                &format!("{}.key", wish.issuer),
                "-startdate",
                wish.from,
                "-enddate",
                wish.until,
                "-out",
                &format!("{name}.pem"),
            ],
        );
    }

    /// A file with several certificates, one after the other.
    pub fn bundle(&self, name: &str, parts: &[&str]) {
        let text: String =
            parts.iter().map(|part| fs::read_to_string(self.path(&format!("{part}.pem"))).unwrap()).collect();
        fs::write(self.path(name), text).unwrap();
    }
}
