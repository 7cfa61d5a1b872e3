//! The collector on hostile, broken and odd folders: it returns, says what it could not read, and loses nothing else.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use support::{Folder, as_nobody, big_text, collected, peak_kilobytes, refused};

#[test]
fn an_empty_folder_has_no_files() {
    let folder = tempfile::tempdir().unwrap();
    let facts = collected(folder.path());
    let repository = facts.repository.get().unwrap();
    assert_eq!((repository.files, repository.read, repository.problems.len()), (0, 0, 0));
}

#[test]
fn what_is_no_folder_is_refused() {
    let folder = Folder::new();
    assert!(refused(&folder.path().join("nowhere")).contains("no such folder"));
    folder.write("file.txt", "text");
    assert!(refused(&folder.path().join("file.txt")).contains("a file, not a folder"));
}

#[test]
fn a_file_of_a_gigabyte_is_named_and_not_read() {
    let folder = Folder::new();
    let grow = |name: &str| {
        fs::File::options().write(true).open(folder.path().join(name)).unwrap().set_len(1 << 30).unwrap();
    };
    let text = ["docker-compose.yml", "app.log", ".github/workflows/ci.yml", "package.json"];
    for name in text {
        folder.write(name, &big_text(10_000));
        grow(name);
    }
    // Nothing but zeros: not text, so nothing to say.
    folder.write("image.bin", "");
    grow("image.bin");
    let facts = folder.check();
    for name in text {
        facts.problem(name, "MB are more than the");
    }
    facts.no_problem("image.bin");
}

#[test]
fn links_that_go_in_circles_or_nowhere() {
    let folder = Folder::new();
    let link = |target: &str, name: &str| symlink(target, folder.path().join(name)).unwrap();
    link("b.yml", "a.yml");
    link("a.yml", "b.yml");
    link("docker-compose.yml", "docker-compose.yml");
    link(".", "here");
    link("..", "up");
    link("nowhere.toml", "pyproject.toml");
    folder.write("real/deep/file.py", "x = 1\n");
    link("../../real", "real/deep/again");
    let facts = folder.check();
    facts.problem("docker-compose.yml", "symbolic link");
    facts.no_problem("pyproject.toml");
}

#[test]
fn links_that_leave_the_folder_are_not_followed() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("package.json"), r#"{"dependencies":{"leaked-package":"1.0.0"}}"#).unwrap();
    fs::write(outside.path().join("requirements.txt"), "leaked-package==1.0\n").unwrap();
    let folder = Folder::new();
    symlink(outside.path().join("package.json"), folder.path().join("package.json")).unwrap();
    symlink(outside.path(), folder.path().join("api")).unwrap();
    // The folder's own name at the beginning of another's is no way in.
    let sibling = format!("{}-sibling", folder.path().display());
    fs::create_dir(&sibling).unwrap();
    fs::write(format!("{sibling}/composer.json"), r#"{"require":{"leaked/package":"1.0.0"}}"#).unwrap();
    symlink(format!("{sibling}/composer.json"), folder.path().join("composer.json")).unwrap();
    for tracked in [false, true] {
        if tracked {
            folder.git(&["init", "-q"]);
            folder.git(&["add", "-A"]);
        }
        let facts = folder.check();
        facts.problem("package.json", "leads out of the audited folder");
        facts.problem("composer.json", "leads out of the audited folder");
        assert!(!facts.json().contains("leaked"), "tracked: {tracked}");
    }
    fs::remove_dir_all(&sibling).unwrap();
}

#[test]
fn a_tracked_folder_that_is_now_a_link_to_the_outside() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("package.json"), r#"{"dependencies":{"leaked-package":"1.0.0"}}"#).unwrap();
    let folder = Folder::new();
    folder.write("api/package.json", "{}");
    folder.git(&["init", "-q"]);
    folder.git(&["add", "-A"]);
    fs::remove_dir_all(folder.path().join("api")).unwrap();
    symlink(outside.path(), folder.path().join("api")).unwrap();
    let facts = folder.check();
    assert!(!facts.json().contains("leaked"));
    facts.problem("api/package.json", "leads out of the audited folder");
}

#[test]
fn links_inside_the_folder_are_followed() {
    let folder = Folder::new();
    folder.write("config/broken.json", "{");
    symlink("config/broken.json", folder.path().join("package.json")).unwrap();
    let absolute = folder.path().canonicalize().unwrap().join("config/broken.json");
    symlink(absolute, folder.path().join("composer.json")).unwrap();
    let facts = folder.check();
    facts.problem("package.json", "");
    facts.problem("composer.json", "");
}

#[test]
fn pipes_and_sockets_are_not_opened() {
    let folder = Folder::new();
    for name in ["docker-compose.yml", "package.json", "Dockerfile", "main.py"] {
        folder.fifo(name);
    }
    let socket = std::os::unix::net::UnixListener::bind(folder.path().join("app.json")).unwrap();
    folder.check();
    drop(socket);
}

#[test]
fn a_tracked_file_that_is_now_a_pipe_a_folder_or_gone() {
    let folder = Folder::new();
    for name in ["package.json", "Dockerfile", "fly.toml", "docs/notes.md"] {
        folder.write(name, "{}");
    }
    folder.git(&["init", "-q"]);
    folder.git(&["add", "-A"]);
    for name in ["package.json", "Dockerfile", "fly.toml"] {
        fs::remove_file(folder.path().join(name)).unwrap();
    }
    fs::remove_dir_all(folder.path().join("docs")).unwrap();
    folder.fifo("package.json");
    fs::create_dir(folder.path().join("Dockerfile")).unwrap();
    folder.write("docs", "a file where a folder was");
    folder.check();
}

/// Root may read everything, so this runs as somebody else.
#[test]
fn files_and_folders_that_may_not_be_read() {
    if !as_nobody("files_and_folders_that_may_not_be_read") {
        return;
    }
    let folder = Folder::new();
    folder.write("package.json", "{}");
    folder.write("closed/inside.py", "x = 1\n");
    for name in ["package.json", "closed"] {
        fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o000)).unwrap();
    }
    let facts = folder.check();
    facts.problem("package.json", "ermission denied");
    facts.problem("closed", "ermission denied");
    fs::set_permissions(folder.path().join("closed"), fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn names_and_contents_that_are_no_utf_8() {
    let folder = Folder::new();
    let odd = |bytes: &[u8]| folder.path().join(std::ffi::OsString::from_vec(bytes.to_vec()));
    fs::write(odd(b"caf\xe9.py"), b"name = 'caf\xe9'\n").unwrap();
    fs::create_dir(odd(b"\xff\xfe")).unwrap();
    fs::write(odd(b"\xff\xfe/package.json"), b"{\"name\": \"caf\xe9\"}").unwrap();
    fs::write(odd(b"new\nline.py"), "x = 1\n").unwrap();
    fs::write(odd("right-to-left-\u{202e}yp.exe".as_bytes()), "x").unwrap();
    folder.write_bytes("Dockerfile", b"FROM node:22 # \xe9\xff\n");
    folder.write_bytes("composer.json", b"\xff\xfe{\x00}\x00");
    folder.write_bytes("utf-8-mark.json", b"\xef\xbb\xbf{}");
    for tracked in [false, true] {
        if tracked {
            folder.git(&["init", "-q"]);
            folder.git(&["add", "-A"]);
        }
        let facts = folder.check();
        assert!(facts.repository().languages["python"] >= 3, "{:?}", facts.repository().languages);
    }
}

#[test]
fn a_hundred_thousand_files_in_one_folder() {
    let folder = Folder::new();
    let many = folder.path().join("many");
    fs::create_dir(&many).unwrap();
    for number in 0..100_000 {
        fs::File::create(many.join(format!("{number}.py"))).unwrap();
    }
    assert!(folder.check().repository().files >= 100_000);
}

#[test]
fn folders_within_folders() {
    let folder = Folder::new();
    let deep = ["d"; 200].join("/");
    folder.write(&format!("{deep}/main.py"), "x = 1\n");
    folder.write(&format!("{deep}/package.json"), "{");
    folder.check().problem(&format!("{deep}/package.json"), "");
}

#[test]
fn long_lines_and_long_files() {
    let folder = Folder::new();
    folder.write("static/app.js", &format!("var a=[{}];", "1,".repeat(10_000_000)));
    folder.write("static/one-line.js", &"express();".repeat(700_000));
    folder.write("Dockerfile", &format!("FROM node:22\nRUN {}true\n", "true && \\\n ".repeat(200_000)));
    folder.write("Makefile", &format!("all:\n\t{}\n", "echo a; ".repeat(500_000)));
    folder.write("deploy.sh", &format!("#!/bin/sh\n{}", "pg_dump x | gzip > y\n".repeat(200_000)));
    folder.write("requirements.txt", &"django==5.0\n".repeat(300_000));
    folder.write("crontab", &"* * * * * root pg_dump x\n".repeat(200_000));
    folder.write("README.md", &"# Rollback\n\n```sh\nhelm rollback\n```\n".repeat(100_000));
    folder.write("Procfile", &"web: gunicorn app\n".repeat(200_000));
    let many: String = (0..100_000).map(|number| format!("\"package-{number}\":\"1.0.0\",")).collect();
    folder.write("web/package.json", &format!("{{\"dependencies\":{{{many}\"z\":\"1\"}}}}"));
    let facts = folder.check();
    facts.problem("static/app.js", "MB are more than the");
    facts.problem("web/package.json", "direct dependencies");
    facts.problem("requirements.txt", "direct dependencies");
}

#[test]
fn aliases_that_expand_without_end() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..30 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", below.trim_end_matches(", ")));
    }
    let folder = Folder::new();
    folder.write(".github/workflows/bomb.yml", &format!("{bomb}on: push\njobs: *a29\n"));
    folder.write("docker-compose.yml", &format!("{bomb}services: *a29\n"));
    folder.write("pnpm-workspace.yaml", &format!("{bomb}packages: *a29\n"));
    folder.write(".gitlab-ci.yml", &format!("{bomb}test: {{script: *a29}}\n"));
    folder.write("render.yaml", &format!("{bomb}services: *a29\n"));
    folder.write("k8s/deployment.yaml", &format!("{bomb}kind: Deployment\nspec: *a29\n"));
    folder.write("self.yaml", "a: &a [*a]\n");
    folder.write("compose.yaml", "x-a: &a\n  <<: *a\nservices:\n  web: *a\n");
    folder.check();
}

#[test]
fn nesting_without_end() {
    let depth = 100_000;
    let folder = Folder::new();
    let (open, close) = ("[".repeat(depth), "]".repeat(depth));
    let objects = "{\"a\":".repeat(depth);
    folder.write("package.json", &format!("{{\"dependencies\":{open}{close}}}"));
    folder.write("composer.json", &format!("{objects}1{}", "}".repeat(depth)));
    folder.write("app.json", &open);
    folder.write("vercel.json", &objects);
    folder.write("pyproject.toml", &format!("a = {open}{close}\n"));
    folder.write("fly.toml", &format!("a{} = 1\n", ".a".repeat(depth)));
    folder.write("Cargo.toml", &format!("[{}]\n", ["a"; 50_000].join(".")));
    folder.write("docker-compose.yml", &format!("services: {open}{close}\n"));
    let indented: String = (0..2_000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    folder.write(".github/workflows/deep.yml", &indented);
    folder.write("compose.yaml", &"- ".repeat(depth));
    folder.write("pom.xml", &"<a>".repeat(depth));
    folder.write("web.config", &format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth)));
    folder.write("main.tf", &format!("a = {open}{close}\n"));
    folder.write("blocks.tf", &"a {\n".repeat(depth));
    folder.write("nginx.conf", &"http {\n".repeat(depth));
    folder.write("deploy.sh", &format!("{}true{}\n", "$(".repeat(depth), ")".repeat(depth)));
    folder.write("Makefile", &format!("a:\n\t{}\n", "$(shell ".repeat(depth)));
    folder.write("Dockerfile", &format!("FROM node:22\nRUN {}\n", "bash -c '".repeat(10_000)));
    let calls = format!("express sentry fetch django rails {}\n", "f(".repeat(depth));
    for extension in ["ts", "js", "py", "rb", "php", "go", "java", "cs", "rs", "ex"] {
        folder.write(&format!("app.{extension}"), &calls);
    }
    folder.check();
}

#[test]
fn scripts_that_call_each_other_without_end() {
    let folder = Folder::new();
    let files = [
        (
            "package.json",
            r#"{"name":"a","scripts":{"a":"npm run b && npm run b","b":"npm run a; npm run a; make x","test":"npm test"}}"#,
        ),
        ("Makefile", "x: y\n\tnpm run a\n\tmake y\ny: x\n\tmake x && make x\n\t./run.sh\ninclude Makefile\n"),
        ("run.sh", "#!/bin/sh\n. ./run.sh\n./run.sh && ./run.sh\nnpm run a\nmake x\n"),
        ("justfile", "x: y\n    just y\ny: x\n    just x\nimport 'justfile'\n"),
        ("requirements.txt", "-r requirements.txt\n-r other.txt\n-c other.txt\n"),
        ("other.txt", "-r requirements.txt\n"),
        (
            ".github/workflows/a.yml",
            "on: [push, workflow_call]\njobs:\n  a:\n    uses: ./.github/workflows/a.yml\n  b:\n    runs-on: x\n    steps:\n      - uses: ./.github/actions/c\n      - run: npm run a && make x && ./run.sh\n",
        ),
        (
            ".github/actions/c/action.yml",
            "runs:\n  using: composite\n  steps:\n    - uses: ./.github/actions/c\n    - run: npm run a\n      shell: bash\n",
        ),
        (
            ".gitlab-ci.yml",
            "include:\n  - local: .gitlab-ci.yml\na:\n  extends: b\n  script: [make x]\nb:\n  extends: a\n",
        ),
        (
            "docker-compose.yml",
            "include: [docker-compose.yml]\nservices:\n  a:\n    extends: {file: docker-compose.yml, service: a}\n    depends_on: [a]\n",
        ),
        ("tsconfig.json", r#"{"extends":"./tsconfig.json"}"#),
        (
            "pom.xml",
            "<project><parent><groupId>g</groupId><artifactId>a</artifactId><version>1</version><relativePath>pom.xml</relativePath></parent><modules><module>.</module></modules></project>",
        ),
        ("pnpm-workspace.yaml", "packages: ['.', '**', '../*']\n"),
        ("Dockerfile", "FROM a AS b\nFROM b AS a\nCOPY --from=a / /\nENTRYPOINT [\"./run.sh\"]\n"),
    ];
    for (path, text) in files {
        folder.write(path, text);
    }
    folder.check();
}

#[test]
fn a_file_that_cannot_be_parsed_is_named() {
    let folder = Folder::new();
    for (path, text) in support::BROKEN.iter().chain(support::BESIDE) {
        folder.write(path, text);
    }
    let facts = folder.check();
    let named: Vec<(&str, Vec<_>)> =
        support::BROKEN.iter().map(|(path, _)| (*path, facts.problems(path))).collect();
    let wrong: Vec<_> = named
        .into_iter()
        .filter(|(_, problems)| problems.len() != 1 || problems[0].at.line_number().is_none())
        .collect();
    assert!(wrong.is_empty(), "not named once with a line: {wrong:#?}");
    for (path, _) in support::BESIDE {
        assert!(!facts.has_problem(path), "{path}: {:?}", facts.problems(path));
    }
    // What a broken manifest asks for is not known, which is not the same as nothing.
    let unread = &facts.packages().unread;
    for path in ["package.json", "composer.json", "pyproject.toml", "pom.xml", "a.csproj"] {
        assert!(unread.iter().any(|unread| unread.at.path() == Some(path)), "{path}: {unread:?}");
    }
}

#[test]
fn a_worktree_and_a_submodule() {
    let library = Folder::new();
    library.commit();
    let main = Folder::new();
    main.write("app.py", "x = 1\n");
    main.git(&["init", "-q"]);
    let address = library.path().to_string_lossy();
    main.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &address, "lib"]);
    main.commit();
    let facts = main.check();
    assert!(facts.repository().tracked);
    assert!(facts.repository().commit.is_some());
    // What a submodule holds belongs to another repository.
    assert!(!facts.json().contains("lib/control"));

    let place = tempfile::tempdir().unwrap();
    let tree = place.path().join("tree");
    main.git(&["worktree", "add", "-q", &tree.to_string_lossy(), "-b", "other"]);
    let facts = collected(&tree);
    let repository = facts.repository.get().unwrap();
    assert!(repository.tracked && repository.commit.is_some());
    assert_eq!(repository.problems, []);

    // A folder inside a repository is listed from the index too.
    let facts = collected(&main.path().join("control"));
    let repository = facts.repository.get().unwrap();
    assert!(repository.tracked);
    assert_eq!(repository.files, 2);
}

#[test]
fn a_merge_that_was_not_finished() {
    let folder = Folder::new();
    folder.write("app.py", "x = 1\n");
    folder.commit();
    folder.git(&["checkout", "-q", "-b", "other"]);
    folder.write("app.py", "x = 2\n");
    folder.commit();
    folder.git(&["checkout", "-q", "-"]);
    folder.write("app.py", "x = 3\n");
    folder.commit();
    assert!(!folder.try_git(&["merge", "-q", "other"]), "the merge conflicts");
    let facts = folder.check();
    assert_eq!(facts.repository().files, 3, "a file with three stages is one file");
    assert_eq!(facts.repository().dirty, Some(true));
}

#[test]
fn a_git_folder_that_is_broken() {
    type Break = fn(&Path, Vec<u8>);
    let ways: [(&str, Break); 8] = [
        ("an empty index", |git, _| fs::write(git.join("index"), b"").unwrap()),
        ("an index cut short", |git, index| fs::write(git.join("index"), &index[..index.len() / 2]).unwrap()),
        ("an index of noise", |git, _| fs::write(git.join("index"), vec![0xa5; 5_000]).unwrap()),
        ("an index that promises too much", |git, mut index| {
            index[8..12].copy_from_slice(&u32::MAX.to_be_bytes());
            fs::write(git.join("index"), index).unwrap();
        }),
        ("no head", |git, _| fs::remove_file(git.join("HEAD")).unwrap()),
        ("a head of noise", |git, _| fs::write(git.join("HEAD"), vec![0xa5; 100]).unwrap()),
        ("a configuration of noise", |git, _| fs::write(git.join("config"), "[core\n\u{1}=").unwrap()),
        ("no objects", |git, _| fs::remove_dir_all(git.join("objects")).unwrap()),
    ];
    for (what, break_it) in ways {
        let folder = Folder::new();
        folder.write("app.py", "x = 1\n");
        folder.commit();
        let git = folder.path().join(".git");
        let index = fs::read(git.join("index")).unwrap();
        break_it(&git, index);
        println!("{what}");
        let facts = folder.check();
        assert!(facts.repository().files >= 3, "{what}: {:?}", facts.repository());
    }
    for pointer in ["gitdir: /nowhere/at/all\n", "gitdir: .\n", "gitdir: .git\n", "noise", ""] {
        let folder = Folder::new();
        folder.write(".git", pointer);
        println!("a .git file that says {pointer:?}");
        folder.check();
    }
}

#[test]
fn a_configuration_of_git_starts_nothing() {
    let folder = Folder::new();
    folder.commit();
    let trace = folder.path().join("started");
    let start = format!("touch {}", trace.display());
    for key in [
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "core.editor",
        "filter.x.clean",
        "filter.x.smudge",
        "filter.x.process",
        "diff.external",
        "credential.helper",
        "core.gitProxy",
    ] {
        folder.git(&["config", key, &start]);
    }
    folder.write(".gitattributes", "* filter=x diff=x\n");
    let hook = folder.path().join(".git/hooks/post-index-change");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, format!("#!/bin/sh\n{start}\n")).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let _ = fs::remove_file(&trace);
    folder.check();
    assert!(!trace.exists());
}

/// The peak of a whole run in a process of its own: a large tree beside files that are as large as files may be.
#[test]
#[cfg(target_os = "linux")]
fn memory_stays_bounded() {
    let make = |folder: &Folder| {
        let code = "export const handler = async (request) => fetch(request.url)\n".repeat(50);
        for number in 0..30_000 {
            let extension = ["ts", "py", "yml", "json", "md"][number % 5];
            let text = if extension == "json" { "{\"a\": [1, 2, 3]}\n" } else { &code };
            folder.write(&format!("src/{}/{number}.{extension}", number % 100), text);
        }
        let large = [
            ("openapi.json", format!("[{}1]", "{\"a\": [1, 2]},".repeat(500_000))),
            (
                "package-lock.json",
                format!(
                    "{{\"packages\":{{{}\"z\":{{}}}}}}",
                    "\"node_modules/a\":{\"version\":\"1.0.0\"},".repeat(150_000)
                ),
            ),
            (
                "pnpm-lock.yaml",
                format!("packages:\n{}", "  a@1.0.0:\n    resolution: {integrity: x}\n".repeat(150_000)),
            ),
            (
                ".github/workflows/large.yml",
                format!("on: push\njobs:\n{}", "  a:\n    steps: [{run: make}]\n".repeat(200_000)),
            ),
            ("docker-compose.yml", format!("services:\n{}", "  a: {image: a}\n".repeat(400_000))),
        ];
        for (path, text) in large {
            folder.write(path, &text);
        }
    };
    let Some(peak) = peak_kilobytes("memory_stays_bounded", make) else { return };
    println!("peak: {} MB", peak / 1000);
    assert!(peak < 900_000, "{peak} kB");
}
