//! Folders to be hostile with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use seaworthy_facts::{Declared, Facts, Packages, Problem, Repository};
use seaworthy_repo::{Input, collect};

/// Files that are looked for by their names and cannot be parsed.
pub const BROKEN: &[(&str, &str)] = &[
    ("package.json", "{\"name\": \"a\", "),
    ("node/package.json", "{\"dependencies\": {\"a\" \"1\"}}"),
    ("composer.json", "{]"),
    ("pyproject.toml", "[project\nname = "),
    ("Pipfile", "[packages"),
    ("rust/Cargo.toml", "[package]\nname = \"a\nversion"),
    ("pom.xml", "<project><dep"),
    ("a.csproj", "<Project><Item"),
    ("pubspec.yaml", "name: a\ndependencies: {"),
    ("deno.json", "{\"imports\": {"),
    (".github/workflows/ci.yml", "on: [push\njobs:\n  a: {"),
    (".github/dependabot.yml", "version: 2\nupdates: [{"),
    ("renovate.json", "{\"extends\": ["),
    (".gitlab-ci.yml", "test:\n  script: [a\n b: {"),
    (".circleci/config.yml", "version: 2.1\njobs: {"),
    ("docker-compose.yml", "services:\n  a: {image: b\n c: ]"),
    ("fly.toml", "app = \"a\n[deploy"),
    ("render.yaml", "services: [{"),
    ("vercel.json", "{\"headers\": ["),
    ("netlify.toml", "[build"),
    ("railway.json", "{"),
    ("railway.toml", "[deploy"),
    ("wrangler.toml", "name = \""),
    ("main.tf", "a = 1\nresource \"a\" \"b\" {\n  c = \n"),
    ("infra/a.tf.json", "{\n\"resource\" 1}"),
    ("infra/terraform.tfvars", "a = 1\nb = {\n"),
    ("live/terragrunt.hcl", "inputs = {\n"),
    ("k8s/deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\nspec: {a: [\n"),
    ("k8s/kustomization.yaml", "resources: [a\nb: {"),
    ("argocd/app.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {a: [\n"),
    ("chart/Chart.yaml", "name: a\nversion: [\n"),
    ("helmfile.yaml", "releases: [{\n"),
    ("cloud/stack.yaml", "AWSTemplateFormatVersion: '2010-09-09'\nResources: {a: {Type: AWS::S3::Bucket\n"),
    ("playbook.yml", "- hosts: all\n  tasks: [{\n"),
    ("app.json", "{\"scripts\": {"),
    ("pnpm-workspace.yaml", "packages: ['a'\nb: {"),
    ("serverless.yml", "service: a\nprovider: {\n"),
    ("heroku.yml", "build: {\n"),
    ("app.yaml", "runtime: [\n"),
    ("config/deploy.yml", "service: a\nservers: [\n"),
    ("firebase.json", "{\"hosting\": ["),
    ("database.rules.json", "{\"rules\": {"),
    ("supabase/config.toml", "[api\n"),
    ("appsettings.json", "{\"Logging\": {"),
    ("appsettings.Production.json", "{\"Logging\" {}}"),
    ("src/main/resources/application.yml", "spring: {a: [\n"),
    ("src/main/resources/logback-spring.xml", "<configuration>\n<root></logger>"),
    ("web.config", "<configuration>\n<a></b>"),
    ("config/packages/framework.yaml", "framework: {a: [\n"),
    ("net/Directory.Packages.props", "<Project>\n<ItemGroup></Project>"),
    ("gradle/libs.versions.toml", "[versions\n"),
    ("tsconfig.json", "{\"compilerOptions\": {"),
    ("litestream.yml", "dbs: [{\n"),
    ("shipit.yml", "deploy: [{\n"),
    (".woodpecker.yml", "steps: [{\n"),
    ("docker/Dockerfile", "FROM node:22\nRUNN a\n"),
    ("Procfile", "web: a\nworker b\n"),
    ("deploy/nginx.conf", "http {\n  server {\n  }\n"),
    ("deploy/Caddyfile", "example.org {\n  respond a\n"),
    (".env", "A=1\n<<<<<<< HEAD\nB=1\n=======\nB=2\n>>>>>>> other\n"),
    ("Makefile", "<<<<<<< HEAD\na:\n=======\nb:\n>>>>>>> other\n"),
    ("lock1/composer.lock", "{\"packages\": ["),
    ("lock2/package-lock.json", "{\"packages\": {"),
    ("lock3/pnpm-lock.yaml", "lockfileVersion: '9.0'\nimporters: {\n"),
    ("lock4/Cargo.lock", "version = 4\n[[package]\n"),
    ("lock5/poetry.lock", "[[package]\n"),
    ("lock6/uv.lock", "version = 1\n[[package]\n"),
    ("lock7/Gemfile.lock", "GEM\n<<<<<<< HEAD\n  specs:\n=======\n  specs:\n>>>>>>> other\n"),
    ("lock8/yarn.lock", "# yarn lockfile v1\n<<<<<<< HEAD\na@1:\n=======\na@2:\n>>>>>>> other\n"),
    ("lock9/mix.lock", "%{\n<<<<<<< HEAD\n  \"a\": {:hex},\n=======\n>>>>>>> other\n}\n"),
    ("lock10/go.sum", "<<<<<<< HEAD\na v1 h1:a\n=======\n>>>>>>> other\n"),
    ("lock11/Pipfile.lock", "{\"default\": {"),
    ("lock12/packages.lock.json", "{\"version\": 1,"),
    ("lock13/bun.lock", "{\"packages\": {"),
    ("lock14/pubspec.lock", "packages: {\n"),
    ("lock15/deno.lock", "{\"version\": \"4\","),
];

/// Manifests that the broken lockfiles among [`BROKEN`] belong to.
pub const BESIDE: &[(&str, &str)] = &[
    ("lock1/composer.json", "{\"require\": {\"a/b\": \"^1\"}}"),
    ("lock2/package.json", "{\"name\": \"a\", \"dependencies\": {\"a\": \"^1\"}}"),
    ("lock3/package.json", "{\"name\": \"b\", \"dependencies\": {\"a\": \"^1\"}}"),
    ("lock4/Cargo.toml", "[package]\nname = \"a\"\nversion = \"1.0.0\"\n[dependencies]\nserde = \"1\"\n"),
    ("lock5/pyproject.toml", "[tool.poetry]\nname = \"a\"\n[tool.poetry.dependencies]\ndjango = \"^5\"\n"),
    ("lock6/pyproject.toml", "[project]\nname = \"a\"\ndependencies = [\"django\"]\n"),
    ("lock7/Gemfile", "source 'https://rubygems.org'\ngem 'rails'\n"),
    ("lock8/package.json", "{\"name\": \"c\", \"dependencies\": {\"a\": \"^1\"}}"),
    (
        "lock9/mix.exs",
        "defmodule A.MixProject do\n  use Mix.Project\n  defp deps do\n    [{:phoenix, \"~> 1.7\"}]\n  end\nend\n",
    ),
    ("lock10/go.mod", "module a\ngo 1.22\nrequire github.com/gin-gonic/gin v1.9.0\n"),
    ("lock11/Pipfile", "[packages]\ndjango = \"*\"\n"),
    (
        "lock12/a.csproj",
        "<Project><ItemGroup><PackageReference Include=\"A\" Version=\"1.*\" /></ItemGroup></Project>",
    ),
    ("lock13/package.json", "{\"name\": \"d\", \"dependencies\": {\"a\": \"^1\"}}"),
    ("lock14/pubspec.yaml", "name: a\ndependencies:\n  http: ^1.0.0\n"),
    ("lock15/deno.json", "{\"imports\": {\"a\": \"jsr:@a/b@^1\"}}"),
];

/// Runs the collector and waits for it, but not for ever.
pub fn collected(folder: &Path) -> Facts {
    run(folder).unwrap()
}

/// Why a folder cannot be looked at at all.
pub fn refused(folder: &Path) -> String {
    run(folder).unwrap_err()
}

fn run(folder: &Path) -> Result<Facts, String> {
    let input =
        Input { folder: folder.to_owned(), with: Vec::new(), declared: Declared::default(), change: None };
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let _ = sender.send(collect(&input).map_err(|error| error.to_string()));
    });
    // A limit against waiting for ever, not a measure of speed.
    receiver.recv_timeout(Duration::from_secs(600)).expect("the collector panicked or does not come back")
}

/// A temporary folder that holds, besides what a test puts into it, something ordinary that must not be lost.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.write("control/main.py", "import flask\n\napp = flask.Flask(__name__)\n");
        folder.write("control/requirements.txt", "flask==3.0.0\n");
        folder
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, path: &str, text: &str) {
        self.write_bytes(path, text.as_bytes());
    }

    pub fn write_bytes(&self, path: &str, bytes: &[u8]) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn fifo(&self, name: &str) {
        assert!(Command::new("mkfifo").arg(self.path().join(name)).status().unwrap().success());
    }

    pub fn git(&self, arguments: &[&str]) {
        assert!(self.try_git(arguments), "git {arguments:?}");
    }

    pub fn try_git(&self, arguments: &[&str]) -> bool {
        Command::new("git")
            .current_dir(self.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"])
            .args(arguments)
            .stdout(Stdio::null())
            .status()
            .unwrap()
            .success()
    }

    pub fn commit(&self) {
        self.git(&["init", "-q"]);
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "change"]);
    }

    /// Collects, and sees that nothing ordinary was lost.
    pub fn check(&self) -> Seen {
        let facts = collected(self.path());
        let seen = Seen { facts };
        let repository = seen.repository();
        assert!(repository.languages.get("python").is_some_and(|files| *files >= 1), "{repository:?}");
        let packages = seen.facts.packages.get().unwrap();
        assert!(
            packages.manifests.iter().any(|manifest| manifest.at.path() == Some("control/requirements.txt")),
            "the manifest is lost"
        );
        seen
    }
}

/// What was collected.
pub struct Seen {
    facts: Facts,
}

impl Seen {
    pub fn repository(&self) -> &Repository {
        self.facts.repository.get().unwrap()
    }

    pub fn packages(&self) -> &Packages {
        self.facts.packages.get().unwrap()
    }

    pub fn json(&self) -> String {
        serde_json::to_string(&self.facts).unwrap()
    }

    pub fn problems(&self, path: &str) -> Vec<&Problem> {
        self.repository().problems.iter().filter(|problem| problem.at.path() == Some(path)).collect()
    }

    pub fn has_problem(&self, path: &str) -> bool {
        !self.problems(path).is_empty()
    }

    /// The file was named once for this reason.
    pub fn problem(&self, path: &str, what: &str) {
        let problems = self.problems(path);
        let count = problems.iter().filter(|problem| problem.what.contains(what)).count();
        assert_eq!(count, 1, "{path}: {:?}", self.repository().problems);
    }

    pub fn no_problem(&self, path: &str) {
        assert!(!self.has_problem(path), "{:?}", self.problems(path));
    }
}

/// Text of about this many bytes.
pub fn big_text(bytes: usize) -> String {
    "# a line of text that says nothing\n".repeat(bytes / 35 + 1)
}

const CHILD: &str = "SEAWORTHY_TEST_CHILD";

/// Whether the caller may go on as a user whom permissions bind. As root, the named test is run again as nobody.
pub fn as_nobody(test: &str) -> bool {
    let root = Command::new("id").arg("-u").output().unwrap().stdout.trim_ascii() == b"0";
    if !root {
        return true;
    }
    // Where the program was built, nobody may not look.
    let place = tempfile::tempdir().unwrap();
    open(place.path());
    let program = place.path().join("test");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    open(&program);
    let scratch = place.path().join("scratch");
    fs::create_dir(&scratch).unwrap();
    let chown = Command::new("chown").arg("65534:65534").arg(&scratch).status().unwrap();
    assert!(chown.success());
    let status = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&program)
        .args(["--exact", test, "--nocapture"])
        .current_dir(&scratch)
        .env("TMPDIR", &scratch)
        .status();
    let status = status.expect("setpriv is installed (Debian package util-linux)");
    assert!(status.success(), "as nobody: {status}");
    false
}

fn open(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Collects a folder in a process of its own, which is the named test again, and gives the peak of its memory. In that
/// process there is none to give.
pub fn peak_kilobytes(test: &str, make: impl FnOnce(&Folder)) -> Option<u64> {
    if let Some(folder) = std::env::var_os(CHILD) {
        collected(&PathBuf::from(folder));
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let peak = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        println!("\n{peak}");
        return None;
    }
    let folder = Folder::new();
    make(&folder);
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    Some(peak.split_whitespace().next().unwrap().parse().unwrap())
}
