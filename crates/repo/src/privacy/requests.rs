//! Code that gives people their data or ends their account, told by the names that it has.

use std::collections::HashSet;

use seaworthy_facts::{DataRequest, RequestKind};

use super::places::is_data_flow;
use crate::scan::{Hit, Needle, NeedleId, Needles, Scan};
use crate::tree::{File, Tree};

/// Two words that stand together in the name of such code: `delete_account`, `deleteAccount`, `delete-account`, ….
const PAIRS: &[(RequestKind, &str, &str)] = &[
    (RequestKind::Deletion, "delete", "account"),
    (RequestKind::Deletion, "delete", "user"),
    (RequestKind::Deletion, "delete", "profile"),
    (RequestKind::Deletion, "delete", "me"),
    (RequestKind::Deletion, "delete", "self"),
    (RequestKind::Deletion, "delete", "person"),
    (RequestKind::Deletion, "delete", "customer"),
    (RequestKind::Deletion, "destroy", "account"),
    (RequestKind::Deletion, "destroy", "user"),
    (RequestKind::Deletion, "close", "account"),
    (RequestKind::Deletion, "remove", "account"),
    (RequestKind::Deletion, "cancel", "account"),
    (RequestKind::Deletion, "erase", "account"),
    (RequestKind::Deletion, "erase", "user"),
    (RequestKind::Deletion, "erase", "customer"),
    (RequestKind::Deletion, "wipe", "account"),
    (RequestKind::Deletion, "wipe", "user"),
    (RequestKind::Deletion, "wipe", "subscriber"),
    (RequestKind::Deletion, "purge", "user"),
    (RequestKind::Deletion, "forget", "user"),
    (RequestKind::Deletion, "anonymize", "user"),
    (RequestKind::Deletion, "anonymise", "user"),
    (RequestKind::Deletion, "anonymize", "account"),
    (RequestKind::Deletion, "account", "deletion"),
    (RequestKind::Deletion, "user", "deletion"),
    (RequestKind::Deletion, "account", "erasure"),
    (RequestKind::Deletion, "user", "erasure"),
    (RequestKind::Deletion, "gdpr", "erasure"),
    (RequestKind::Export, "export", "account"),
    (RequestKind::Export, "export", "user"),
    (RequestKind::Export, "export", "profile"),
    (RequestKind::Export, "export", "personal"),
    (RequestKind::Export, "export", "my"),
    (RequestKind::Export, "export", "subscriber"),
    (RequestKind::Export, "account", "export"),
    (RequestKind::Export, "user", "export"),
    (RequestKind::Export, "personal", "export"),
    (RequestKind::Export, "gdpr", "export"),
    (RequestKind::Export, "data", "takeout"),
    (RequestKind::Export, "data", "portability"),
    (RequestKind::Export, "personal", "data"),
    (RequestKind::Export, "download", "personal"),
    (RequestKind::Export, "download", "my"),
    (RequestKind::Export, "download", "account"),
    (RequestKind::Export, "user", "archive"),
    (RequestKind::Export, "data", "export"),
    (RequestKind::Export, "export", "data"),
];

/// What ends an account without naming it, and what frameworks bring along.
const SIGNS: &[(RequestKind, &str, &str)] = &[
    (RequestKind::Deletion, "$user->delete()", "a user is deleted"),
    (RequestKind::Deletion, "user()->delete()", "a user is deleted"),
    (RequestKind::Deletion, "user.delete()", "a user is deleted"),
    (RequestKind::Deletion, "current_user.destroy", "a user is deleted"),
    (RequestKind::Deletion, "user.destroy", "a user is deleted"),
    (RequestKind::Deletion, "@user.destroy", "a user is deleted"),
    (RequestKind::Deletion, "prisma.user.delete(", "a user is deleted"),
    (RequestKind::Deletion, "user.deleteOne(", "a user is deleted"),
    (RequestKind::Deletion, "User.findByIdAndDelete(", "a user is deleted"),
    (RequestKind::Deletion, "User.deleteOne(", "a user is deleted"),
    (RequestKind::Deletion, "DELETE FROM users", "a user is deleted"),
    (RequestKind::Deletion, "delete(users)", "a user is deleted"),
    (RequestKind::Deletion, "userRepository.delete", "a user is deleted"),
    (RequestKind::Deletion, "userManager.DeleteAsync(", "a user is deleted"),
    (RequestKind::Deletion, "UserManager.DeleteAsync(", "a user is deleted"),
    (RequestKind::Deletion, "Repo.delete(user", "a user is deleted"),
    (RequestKind::Deletion, "userService.DeleteAsync(user", "a user is deleted"),
    (RequestKind::Deletion, "userService.deleteById(", "a user is deleted"),
    (RequestKind::Deletion, ":registerable", "Devise lets people delete their account"),
    (RequestKind::Deletion, "Features::accountDeletion()", "Jetstream lets people delete their account"),
    (RequestKind::Deletion, "auth.admin.deleteUser(", "Supabase deletes the account"),
    (RequestKind::Deletion, "admin.delete_user(", "Supabase deletes the account"),
    (RequestKind::Deletion, "DeletePersonalData", "ASP.NET Identity deletes the account"),
    (RequestKind::Deletion, "AdminDeleteUser", "Cognito deletes the account"),
    (RequestKind::Deletion, "DeleteUserCommand(", "Cognito deletes the account"),
    (RequestKind::Deletion, "<UserProfile />", "Clerk's profile lets people delete their account"),
    (RequestKind::Deletion, "close_account_enabled?", "Rodauth lets people close their account"),
    (RequestKind::Deletion, ":close_account", "Rodauth lets people close their account"),
    (RequestKind::Export, "DownloadPersonalData", "ASP.NET Identity gives people their data"),
    (
        RequestKind::Export,
        "PersonalDataExport",
        "spatie/laravel-personal-data-export gives people their data",
    ),
    (
        RequestKind::Export,
        "ExportsPersonalData",
        "spatie/laravel-personal-data-export gives people their data",
    ),
];

/// The literals that were asked for.
#[derive(Debug, Default)]
pub struct Plan {
    pairs: Vec<Vec<NeedleId>>,
    signs: Vec<NeedleId>,
}

/// Adds the literals.
pub fn plan(needles: &mut Needles) -> Plan {
    let mut add = |text: String| needles.add(Needle { text, whole_word: false, per_file: 3 });
    Plan {
        pairs: PAIRS
            .iter()
            .map(|(_, first, second)| spellings(first, second).into_iter().map(&mut add).collect())
            .collect(),
        signs: SIGNS.iter().map(|(_, text, _)| add((*text).to_owned())).collect(),
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn spellings(first: &str, second: &str) -> Vec<String> {
    vec![
        format!("{first}_{second}"),
        format!("{first}-{second}"),
        format!("{first}{}", capital(second)),
        format!("{}{}", capital(first), capital(second)),
    ]
}

/// How many places of each kind are kept.
const PLACES: usize = 6;

/// The code, the most telling places first.
pub fn collect(tree: &Tree, scan: &Scan, plan: &Plan) -> Vec<DataRequest> {
    let mut found: Vec<(u8, DataRequest)> = Vec::new();
    let mut seen = HashSet::new();
    let mut add = |kind, says: String, rank, file: &File, line: u32| {
        if seen.insert((kind, file.index)) {
            found.push((rank, DataRequest { kind, says, at: file.at_line(line) }));
        }
    };
    for ((kind, first, second), needles) in PAIRS.iter().zip(&plan.pairs) {
        for (spelling, needle) in spellings(first, second).iter().zip(needles) {
            for hit in scan.hits(*needle) {
                let file = &tree.files()[hit.file];
                if !can_show(scan, file, hit)
                    || !is_name(&hit.text, spelling)
                    || !is_meant(*kind, first, second, file, hit)
                {
                    continue;
                }
                add(*kind, format!("{spelling} in {}", describe(file)), rank(file, hit), file, hit.line);
            }
        }
    }
    for ((kind, text, says), needle) in SIGNS.iter().zip(&plan.signs) {
        for hit in scan.hits(*needle) {
            let file = &tree.files()[hit.file];
            // Devise's page for people may be switched off where routes are drawn.
            let off = *text == ":registerable" && hit.text.contains('#');
            if can_show(scan, file, hit) && !off {
                add(*kind, (*says).to_owned(), rank(file, hit), file, hit.line);
            }
        }
    }
    found.sort_by(|left, right| (left.0, &left.1.at.to_string()).cmp(&(right.0, &right.1.at.to_string())));
    let mut kept: Vec<DataRequest> = Vec::new();
    for (_, request) in found {
        if kept.iter().filter(|known| known.kind == request.kind).count() < PLACES {
            kept.push(request);
        }
    }
    kept
}

fn describe(file: &File) -> &'static str {
    match file.language {
        Some("html" | "vue" | "svelte" | "astro") => "a page",
        _ => "code",
    }
}

/// Code that runs for people: no test, seed, type of another's interface, translation or settings of rights.
fn can_show(scan: &Scan, file: &File, hit: &Hit) -> bool {
    let Some(language) = file.language else { return false };
    let lower = file.path.to_ascii_lowercase();
    !hit.comment
        && scan.ships(file)
        && is_data_flow(&file.path)
        && !matches!(language, "css" | "sql" | "shell" | "terraform" | "powershell")
        && !lower.split('/').any(|part| {
            matches!(
                part,
                "migrations"
                    | "migrate"
                    | "locales"
                    | "lang"
                    | "i18n"
                    | "translations"
                    | "types"
                    | "old_migrations"
                    | "generated"
                    | "icons"
            )
        })
        && !lower.ends_with(".d.ts")
        && !hit.text.trim_start().starts_with("import ")
        && !hit.text.trim_start().starts_with("use ")
}

/// The spelling is no part of a longer word that says something else (`exportUsers`, `delete_me_later`, `deleteUserRole`).
fn is_name(text: &str, spelling: &str) -> bool {
    const AFTER: &[&str] = &[
        "",
        "data",
        "by",
        "id",
        "account",
        "accounts",
        "self",
        "info",
        "information",
        "job",
        "worker",
        "service",
        "action",
        "handler",
        "controller",
        "request",
        "requests",
        "form",
        "dialog",
        "modal",
        "button",
        "page",
        "view",
        "command",
        "mutation",
        "async",
        "profile",
        "and",
        "path",
        "url",
        "route",
        "permanently",
        "from",
        "command",
        "use",
        "usecase",
        "export",
        "exports",
        "history",
        "card",
        "section",
        "confirm",
        "confirmation",
        "api",
        "details",
        "deletion",
        "with",
        "zip",
        "json",
        "csv",
        "archive",
        "records",
        "row",
        "task",
        "endpoint",
        "email",
        "one",
    ];
    text.match_indices(spelling).any(|(at, found)| {
        let before = text[..at].chars().next_back();
        let joined = before.is_some_and(|c| c.is_ascii_lowercase())
            && found.starts_with(|c: char| c.is_ascii_lowercase());
        let rest = &text[at + found.len()..];
        // A letter goes on with the same word; a capital or a separator begins another.
        if joined || rest.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()) {
            return false;
        }
        let next: String = rest
            .trim_start_matches(['_', '-'])
            .chars()
            .enumerate()
            .take_while(|(index, c)| c.is_ascii_lowercase() || *index == 0 && c.is_ascii_uppercase())
            .map(|(_, c)| c.to_ascii_lowercase())
            .collect();
        let parted = rest.starts_with(['_', '-']) || rest.starts_with(|c: char| c.is_ascii_uppercase());
        !parted || AFTER.contains(&next.as_str())
    })
}

/// Names that say enough only together with what stands around them.
fn is_meant(kind: RequestKind, first: &str, second: &str, file: &File, hit: &Hit) -> bool {
    let path = file.path.to_ascii_lowercase();
    let line = hit.text.to_ascii_lowercase();
    let either = |words: &[&str]| words.iter().any(|word| path.contains(word) || line.contains(word));
    // `export` also is a word of the language.
    let line = ["const ", "default ", "interface ", "type ", "class ", "async ", "function ", "{", "enum "]
        .iter()
        .fold(line.clone(), |line, next| line.replace(&format!("export {next}"), next));
    // Accounts of other kinds: at a bank, in the cloud, at another service.
    const OTHERS: &[&str] = &[
        "cloud",
        "integration",
        "bank",
        "ledger",
        "wallet",
        "social",
        "service-account",
        "service_account",
        "serviceaccount",
        "connected",
        "mailbox",
        "storage",
        "billing",
        "payment",
    ];
    if matches!(second, "account" | "customer") && OTHERS.iter().any(|other| path.contains(other)) {
        return false;
    }
    match (kind, first, second) {
        (RequestKind::Export, "personal", "data") => ["export", "download", "takeout", "portab"]
            .iter()
            .any(|word| path.contains(word) || line.contains(word)),
        // What a person gets, against what a report or an administrator gets.
        (RequestKind::Export, "data", "export") | (RequestKind::Export, "export", "data") => {
            let other = either(&[
                "report",
                "analytics",
                "statistic",
                "chart",
                "metric",
                "dashboard",
                "audit",
                "inventory",
                "translation",
                "widget",
                "grid",
                "table",
                "import/export",
                "log",
                "admin",
                "raw",
                "query",
                "trace",
                "sheet",
            ]);
            !other && either(&["account", "profile", "setting", "gdpr", "privacy", "personal", "user"])
        }
        (RequestKind::Deletion, "delete", "me" | "self") => {
            either(&["user", "account", "profile", "auth", "route"])
        }
        _ => true,
    }
}

/// Settings of one's own account tell the most, an administrator's code less, the browser's side the least.
fn rank(file: &File, hit: &Hit) -> u8 {
    let path = file.path.to_ascii_lowercase();
    let own = ["account", "profile", "setting", "me/", "gdpr", "privacy", "registration"]
        .iter()
        .any(|word| path.contains(word));
    let client = matches!(file.language, Some("vue" | "svelte" | "html"))
        || ["frontend/", "client/", "components/", "ui/", "assets/", "static/", "public/", "hooks/"]
            .iter()
            .any(|part| path.contains(part));
    let admin = path.contains("admin") || hit.text.contains("admin");
    let command = path.contains("/commands/") || path.contains("scim");
    u8::from(!own) + 2 * u8::from(admin || command) + 3 * u8::from(client)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_longer_ones() {
        for text in [
            "def delete_account():",
            "delete_account_path",
            "path: 'delete_account'",
            "async delete_account_data(",
        ] {
            assert!(is_name(text, "delete_account"), "{text}");
        }
        for text in ["deleteUser(id)", "handler.deleteUserById(", "deleteUserAccount()", "\"deleteUser\""] {
            assert!(is_name(text, "deleteUser"), "{text}");
        }
        for text in ["deleteUserRole(", "deleteUsers()", "deleteUserSession(", "undeleteUser("] {
            assert!(!is_name(text, "deleteUser"), "{text}");
        }
        assert!(!is_name("exportUsers(", "exportUser"));
        assert!(is_name("app.SendExportSubscriber", "ExportSubscriber"));
    }

    #[test]
    fn every_pair_has_its_spellings() {
        assert_eq!(
            spellings("close", "account"),
            ["close_account", "close-account", "closeAccount", "CloseAccount"]
        );
    }
}
