//! What programs of a drill may reach: a backup can bring programs along (`COPY … TO PROGRAM`, functions in a language that
//! may do anything), and those run as the account of the server.
//!
//! Two means of the kernel, both applied by the launcher before it becomes the program, and inherited by everything that the
//! program starts:
//!
//! - **Landlock**: a client writes below the scratch folder only, a server into its own folders there (a drill that is root
//!   writes beside them, and must find no links laid out for it). Read are the system's programs and their data, the same
//!   folders, and what the drill names. No TCP, and no signal to a process outside.
//! - **seccomp**: no socket but Unix ones; a server connects to none at all, since the socket of another server on this
//!   machine may let its account in without a password. No kernel keys, no debugging, no other ways around these two.

use std::path::{Path, PathBuf};

use crate::Stop;

/// What a program may connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Unix sockets: a client of the scratch server.
    Sockets,
    /// Nothing: a server, which runs what is in a backup.
    Nothing,
}

impl Reach {
    /// As the launcher is told.
    pub fn word(self) -> &'static str {
        match self {
            Reach::Sockets => "sockets",
            Reach::Nothing => "nothing",
        }
    }

    /// What the launcher was told.
    pub fn of(word: &str) -> Option<Reach> {
        [Reach::Sockets, Reach::Nothing].into_iter().find(|reach| reach.word() == word)
    }
}

/// Files and folders of a program, besides those of the system.
#[derive(Debug, Clone, Default)]
pub struct Rooms {
    /// It reads these.
    pub read: Vec<PathBuf>,
    /// It does everything in these.
    pub write: Vec<PathBuf>,
}

/// How far this kernel holds programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// In everything.
    Wholly,
    /// Files cannot be read, but not everything else is out of reach.
    Partly,
    /// Files can be read and written.
    NotByFiles,
    /// Not at all.
    NotAtAll,
}

impl Held {
    const ALL: [(Held, &'static str); 4] = [
        (Held::Wholly, "wholly"),
        (Held::Partly, "partly"),
        (Held::NotByFiles, "not-by-files"),
        (Held::NotAtAll, "not-at-all"),
    ];

    /// As the probe says it.
    pub fn word(self) -> &'static str {
        Held::ALL.iter().find(|(held, _)| *held == self).map_or("", |(_, word)| word)
    }

    /// What the probe said; what is not understood holds nothing.
    pub fn of(word: &str) -> Held {
        Held::ALL.iter().find(|(_, known)| *known == word).map_or(Held::NotAtAll, |(held, _)| *held)
    }

    /// What must be said of it, for people. `account` is whom the programs run as.
    pub fn remark(self, account: &str) -> Option<String> {
        match self {
            Held::Wholly => None,
            Held::Partly => Some(format!(
                "this kernel confines programs only in part (all of it needs Linux 6.12 and seccomp): those in a backup could not \
                 read files of {account}, but could empty some, end processes, or connect to sockets"
            )),
            Held::NotByFiles => Some(format!(
                "this kernel has no Landlock: programs in a backup could have read and written whatever {account} may"
            )),
            Held::NotAtAll => Some(format!(
                "this kernel confines no programs: those in a backup could have done whatever {account} may"
            )),
        }
    }
}

/// Folders of the system, and files that nearly every program reads. `/etc` as a whole is not among them: applications
/// keep secrets there.
const READ: &[&str] = &[
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/nix/store",
    "/gnu/store",
    "/etc/alternatives",
    "/etc/group",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/ld.so.preload",
    "/etc/locale.alias",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/pki/tls/openssl.cnf",
    "/etc/ssl/openssl.cnf",
    "/etc/timezone",
    "/dev/random",
    "/dev/urandom",
    "/dev/zero",
    "/proc/cpuinfo",
    "/proc/filesystems",
    "/proc/meminfo",
    "/proc/self",
    "/proc/stat",
    "/proc/sys",
    "/proc/version",
    "/sys/devices/system",
    // Debian makes dictionaries of text search there.
    "/var/cache/postgresql/dicts",
];

/// Folders beside that of a program which is not in the system's folders.
const SIBLINGS: &[&str] = &["bin", "sbin", "lib", "lib64", "libexec", "share"];

/// What a program may read besides [`READ`]: where it is installed.
fn installation(program: &Path) -> Vec<PathBuf> {
    let Ok(program) = std::fs::canonicalize(program) else { return Vec::new() };
    let Some(folder) = program.parent() else { return Vec::new() };
    let mut paths = vec![program.clone()];
    let in_programs =
        folder.file_name().is_some_and(|name| name == "bin" || name == "sbin" || name == "libexec");
    if let Some(parent) = folder.parent().filter(|_| in_programs) {
        paths.extend(SIBLINGS.iter().map(|name| parent.join(name)));
    }
    paths
}

/// Confines this process and everything that it will start. Says how far that went.
///
/// # Errors
/// When the kernel knows the means and refuses them: then the program must not start.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub fn confine(reach: Reach, program: &Path, rooms: &Rooms) -> Result<Held, String> {
    let files = linux::files(program, rooms)?;
    let calls = linux::calls(reach)?;
    Ok(match (files, calls) {
        (held @ (Held::Wholly | Held::Partly), true) => held,
        (Held::Wholly | Held::Partly, false) => Held::Partly,
        (_, true) => Held::NotByFiles,
        (_, false) => Held::NotAtAll,
    })
}

/// Other systems have other means.
///
/// # Errors
/// None.
#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
pub fn confine(_: Reach, _: &Path, _: &Rooms) -> Result<Held, String> {
    Ok(Held::NotAtAll)
}

/// Asks a helper of the account to confine itself, and tells how far that goes here.
///
/// # Errors
/// When no helper starts.
pub fn probe(mut helper: std::process::Command) -> Result<Held, Stop> {
    let output = helper.stdout(std::process::Stdio::piped()).output();
    let output = output
        .map_err(|error| Stop::CouldNot(format!("a helper of the drill cannot be started: {error}")))?;
    Ok(Held::of(String::from_utf8_lossy(&output.stdout).trim()))
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod linux {
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};

    use landlock::{
        ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
        path_beneath_rules,
    };
    use seccompiler::{
        SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
        TargetArch, apply_filter,
    };

    use super::{Held, READ, Reach, Rooms, installation};

    /// What is asked for: files, devices, TCP, signals. Older kernels give a part of it.
    const WANTED: ABI = ABI::V6;

    pub fn files(program: &Path, rooms: &Rooms) -> Result<Held, String> {
        let read = AccessFs::from_read(WANTED);
        let paths =
            READ.iter().map(PathBuf::from).chain(installation(program)).chain(rooms.read.iter().cloned());
        let status = Ruleset::default()
            .handle_access(AccessFs::from_all(WANTED))
            .and_then(|ruleset| ruleset.handle_access(AccessNet::from_all(WANTED)))
            .and_then(|ruleset| ruleset.scope(Scope::from_all(WANTED)))
            .and_then(Ruleset::create)
            .and_then(|ruleset| ruleset.add_rules(path_beneath_rules(paths, read)))
            .and_then(|ruleset| {
                let write = AccessFs::WriteFile | AccessFs::ReadFile;
                ruleset.add_rules(path_beneath_rules(["/dev/null", "/dev/full"], write))
            })
            .and_then(|ruleset| {
                ruleset.add_rules(path_beneath_rules(&rooms.write, AccessFs::from_all(WANTED)))
            })
            .and_then(landlock::RulesetCreated::restrict_self)
            .map_err(|error| format!("Landlock: {error}"))?;
        Ok(match status.ruleset {
            RulesetStatus::FullyEnforced => Held::Wholly,
            RulesetStatus::PartiallyEnforced => Held::Partly,
            RulesetStatus::NotEnforced => Held::NotByFiles,
        })
    }

    /// Calls that no server and no client of one needs, and that lead around the confinement.
    const NEVER: &[i64] = &[
        libc::SYS_add_key,
        libc::SYS_bpf,
        libc::SYS_io_uring_setup,
        libc::SYS_keyctl,
        libc::SYS_mount,
        libc::SYS_perf_event_open,
        libc::SYS_pidfd_getfd,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_ptrace,
        libc::SYS_request_key,
        libc::SYS_setns,
        libc::SYS_umount2,
        libc::SYS_unshare,
        libc::SYS_userfaultfd,
    ];

    /// Of the type of a socket, without its flags.
    const TYPE: u64 = 0xf;

    /// Forbids calls; false where this kernel filters none.
    pub fn calls(reach: Reach) -> Result<bool, String> {
        let Ok(architecture) = TargetArch::try_from(std::env::consts::ARCH) else { return Ok(false) };
        let failed = |error: seccompiler::BackendError| format!("seccomp: {error}");
        let condition = |argument, operator, value| {
            SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value).map_err(failed)
        };
        let rule = |condition| SeccompRule::new(vec![condition]).map_err(failed);
        let number = |constant: i32| u64::try_from(constant).unwrap_or(u64::MAX);
        let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
            NEVER.iter().map(|call| (*call, Vec::new())).collect();
        let mut sockets = vec![rule(condition(0, SeccompCmpOp::Ne, number(libc::AF_UNIX))?)?];
        if reach == Reach::Nothing {
            rules.insert(libc::SYS_connect, Vec::new());
            // Those send without connecting.
            let datagrams = SeccompCmpOp::MaskedEq(TYPE);
            sockets.push(rule(condition(1, datagrams, number(libc::SOCK_DGRAM))?)?);
        }
        rules.insert(libc::SYS_socket, sockets);
        let denied = SeccompAction::Errno(u32::try_from(libc::EPERM).unwrap_or(1));
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, denied, architecture).map_err(failed)?;
        let filter: seccompiler::BpfProgram = filter.try_into().map_err(failed)?;
        match apply_filter(&filter) {
            Ok(()) => Ok(true),
            Err(seccompiler::Error::Seccomp(error))
                if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EINVAL)) =>
            {
                Ok(false)
            }
            Err(error) => Err(format!("seccomp: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_launcher_come_back() {
        for reach in [Reach::Sockets, Reach::Nothing] {
            assert_eq!(Reach::of(reach.word()), Some(reach));
        }
        for (held, word) in Held::ALL {
            assert_eq!(Held::of(word), held);
            assert_eq!(held.remark("you").is_none(), held == Held::Wholly);
        }
        assert_eq!(Held::of("panicked"), Held::NotAtAll);
    }

    #[test]
    fn an_installation_in_a_home_does_not_open_the_home() {
        let home = tempfile::tempdir().expect("a folder");
        let home = std::fs::canonicalize(home.path()).expect("its path");
        for path in ["bin/psql", "tool"] {
            let path = home.join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(&path, "").expect("written");
        }
        let opened = installation(&home.join("bin/psql"));
        assert!(opened.contains(&home.join("lib")) && !opened.contains(&home), "{opened:?}");
        assert_eq!(installation(&home.join("tool")), [home.join("tool")]);
    }
}
