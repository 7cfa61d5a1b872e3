#![allow(clippy::unwrap_used)]

use seaworthy_facts::{Facts, Privacy, RequestKind, RetentionKind};

use crate::{Input, collect};

/// The facts of a small tree.
pub fn facts(files: &[(&str, &str)]) -> Facts {
    let folder = seaworthy_testkit::tree::folder(files);
    collect(&Input {
        folder: folder.path().to_owned(),
        with: Vec::new(),
        declared: Default::default(),
        change: None,
    })
    .unwrap()
}

fn privacy(files: &[(&str, &str)]) -> Privacy {
    facts(files).privacy.get().unwrap().clone()
}

/// Each tracker: name, whether something gates it, whether it needs no consent.
fn trackers(files: &[(&str, &str)]) -> Vec<(String, bool, bool)> {
    let found = privacy(files).trackers.into_iter();
    found.map(|tracker| (tracker.name, tracker.gate.is_some(), tracker.cookieless.is_some())).collect()
}

fn tracker(path: &str, text: &str) -> Option<(bool, bool)> {
    trackers(&[(path, text)]).first().map(|(_, gated, quiet)| (*gated, *quiet))
}

#[test]
fn trackers_are_found_in_pages_and_scripts() {
    let tag = "<script async src=\"https://www.googletagmanager.com/gtag/js?id=G-1234567\"></script>\n";
    assert_eq!(trackers(&[("templates/base.html", tag)]), [("Google Analytics".to_owned(), false, false)]);
    assert_eq!(
        tracker(
            "app/layout.tsx",
            "import { GoogleAnalytics } from '@next/third-parties/google'\nexport default () => <GoogleAnalytics gaId=\"G-1\" />\n"
        ),
        Some((false, false))
    );
    assert_eq!(
        tracker("src/main.ts", "posthog.init('phc_x', { persistence: 'memory' })\n"),
        Some((false, true))
    );
    assert_eq!(
        tracker("index.html", "<script src=\"https://plausible.io/js/script.js\"></script>\n"),
        Some((false, true))
    );
    assert_eq!(tracker("tests/base.html", tag), None);
    let allowed = "policy.script_src :self, \"https://www.googletagmanager.com/gtag\"\n";
    assert_eq!(tracker("config/initializers/content_security_policy.rb", allowed), None);
}

#[test]
fn a_question_for_consent_gates_a_tracker() {
    let gated = "import { GoogleAnalytics } from '@next/third-parties/google'\nexport default ({ consent }) => consent.analytics && <GoogleAnalytics gaId=\"G-1\" />\n";
    assert_eq!(tracker("app/layout.tsx", gated), Some((true, false)));
    let plain = "<script type=\"text/plain\" data-category=\"analytics\" data-src=\"https://www.googletagmanager.com/gtag/js\"></script>\n";
    assert_eq!(tracker("index.html", plain), Some((true, false)));
    assert_eq!(tracker("src/m.js", "_paq.push(['requireCookieConsent'])\n"), Some((true, false)));
    let comment = "// TODO: ask for consent\nposthog.init('phc_x')\n";
    assert_eq!(tracker("src/m.js", comment), Some((false, false)));
    let tool = [
        ("index.html", "<script src=\"https://consent.cookiebot.com/uc.js\"></script>\n"),
        ("src/tracking.js", "hotjar.initialize(1, 6)\n"),
    ];
    assert_eq!(trackers(&tool), [("Hotjar".to_owned(), true, false)]);
    let above = [
        (
            "src/components/GoogleTag.tsx",
            "export const GoogleTag = () => <script src=\"https://www.googletagmanager.com/gtag/js\" />\n",
        ),
        ("src/App.tsx", "const consented = useConsent()\nreturn consented ? <GoogleTag /> : null\n"),
    ];
    assert_eq!(trackers(&above), [("Google Analytics".to_owned(), true, false)]);
}

#[test]
fn a_tracker_that_a_setting_switches_on_is_told() {
    let page = "import { GoogleAnalytics } from '@next/third-parties/google'\nconst id = process.env.NEXT_PUBLIC_GA_ID\nexport default () => id && <GoogleAnalytics gaId={id} />\n";
    let setting = |files: &[(&str, &str)]| privacy(files).trackers[0].setting.clone();
    assert_eq!(setting(&[("app/layout.tsx", page)]).as_deref(), Some("NEXT_PUBLIC_GA_ID"));
    assert_eq!(setting(&[("app/layout.tsx", page), (".env.production", "NEXT_PUBLIC_GA_ID=G-1\n")]), None);
    assert_eq!(
        setting(&[(
            "app/layout.tsx",
            "import { GoogleAnalytics } from '@next/third-parties/google'\nexport default () => <GoogleAnalytics gaId=\"G-1\" />\n"
        )]),
        None
    );
}

#[test]
fn processors_are_found_by_package_address_and_platform() {
    let found = privacy(&[
        ("package.json", "{\"dependencies\": {\"express\": \"5\", \"stripe\": \"17\", \"openai\": \"5\"}}"),
        ("src/index.ts", "import Stripe from 'stripe'\nconst app = express()\napp.listen(1)\n"),
        (
            "public/index.html",
            "<link href=\"https://fonts.googleapis.com/css2?family=Inter\">\n<a href=\"https://api.slack.com/x\">x</a>\n",
        ),
        ("fly.toml", "app = \"x\"\n"),
        ("scripts/notify.js", "fetch('https://hooks.slack.com/x')\n"),
    ]);
    let keys: Vec<_> = found.processors.iter().map(|processor| processor.key.as_str()).collect();
    assert_eq!(keys, ["fly", "google-fonts", "stripe"]);
    assert!(found.processors.iter().all(|processor| processor.named.is_none() && !processor.at.is_empty()));
}

#[test]
fn a_policy_names_processors() {
    let policy = "We keep personal data safe and give payment data to Stripe, our processor. ".repeat(12);
    let found = privacy(&[
        ("templates/privacy.html", &format!("<p>{policy}</p>")),
        (
            "templates/pay.html",
            "<script src=\"https://js.stripe.com/v3\"></script>\n<link href=\"https://fonts.googleapis.com/x\">\n",
        ),
    ]);
    let named: Vec<_> = found.processors.iter().map(|p| (p.key.as_str(), p.named.is_some())).collect();
    assert_eq!(named, [("google-fonts", false), ("stripe", true)]);
}

fn rules(files: &[(&str, &str)]) -> Vec<(RetentionKind, bool, bool)> {
    let found = privacy(files).retention.into_iter();
    found.map(|rule| (rule.kind, rule.personal, rule.runs.is_some())).collect()
}

#[test]
fn purges_of_many_stacks() {
    use RetentionKind::Purge;
    for (path, text) in [
        (
            "app/jobs/purge_messages_job.rb",
            "class PurgeMessagesJob < ApplicationJob\n  def perform\n    Message.where('created_at < ?', 90.days.ago).delete_all\n  end\nend\n",
        ),
        (
            "app/tasks.py",
            "@shared_task\ndef purge():\n    limit = now() - timedelta(days=90)\n    Visit.objects.filter(created__lt=limit).delete()\n",
        ),
        (
            "src/purge.ts",
            "cron.schedule('0 3 * * *', async () => {\n  const old = subDays(new Date(), 90)\n  await prisma.visit.deleteMany({ where: { createdAt: { lt: old } } })\n})\n",
        ),
        (
            "app/Jobs/Purge.php",
            "<?php\nclass Purge implements ShouldQueue {\n function handle() {\n  Visit::where('created_at', '<', now()->subDays(90))->delete();\n }\n}\n",
        ),
        (
            "internal/purge.go",
            "package internal\nfunc loop() {\n t := time.NewTicker(time.Hour)\n db.Exec(`DELETE FROM visits WHERE created_at < now() - INTERVAL '90 days'`)\n}\n",
        ),
        (
            "src/main/java/Purge.java",
            "class Purge {\n @Scheduled(cron = \"0 0 3 * * *\")\n void run() {\n  visitRepository.deleteByCreatedAtBefore(LocalDate.now().minusDays(90));\n }\n}\n",
        ),
        (
            "migrations/1.sql",
            "SELECT cron.schedule('purge-visits', '0 3 * * *', $$DELETE FROM visits WHERE at < now() - interval '90 days'$$);\n",
        ),
    ] {
        assert_eq!(rules(&[(path, text)]).first(), Some(&(Purge, true, true)), "{path}");
    }
}

#[test]
fn sessions_and_manual_commands_are_no_retention() {
    let session = "class S < ApplicationJob\n  def perform\n    Session.where('updated_at < ?', 30.days.ago).delete_all\n  end\nend\n";
    assert_eq!(rules(&[("app/jobs/sweep.rb", session)]), [(RetentionKind::Purge, false, true)]);
    let manual = "class Command(BaseCommand):\n    def handle(self):\n        limit = now() - timedelta(days=90)\n        Visit.objects.filter(created__lt=limit).delete()\n";
    assert_eq!(rules(&[("app/management/commands/prune.py", manual)]), [(RetentionKind::Purge, true, false)]);
}

#[test]
fn written_rules_are_about_people() {
    let said = |text: &str| rules(&[("README.md", text)]).len();
    assert_eq!(said("Accounts of users that never signed in are deleted after 30 days.\n"), 1);
    assert_eq!(said("Logs are deleted after 30 days.\n"), 0);
    assert_eq!(said("Stale branches are removed after 30 days.\n"), 0);
}

#[test]
fn terms_hold_a_rule_only_where_they_speak_of_the_account() {
    let terms = |sentence: &str| {
        let text = format!(
            "You agree to use the service by law.\n\n{}\n\n{sentence}\n",
            "You agree to these terms of the service. ".repeat(15)
        );
        rules(&[("content/terms.md", &text)]).len()
    };
    assert_eq!(terms("We delete your account information within 90 days of cancellation."), 1);
    assert_eq!(terms("What you publish is stored by us indefinitely."), 0);
}

#[test]
fn data_that_expires_by_itself() {
    let mongo = "visitSchema.index({ createdAt: 1 }, { expireAfterSeconds: 7776000 })\n";
    assert_eq!(rules(&[("models/visit.js", mongo)]), [(RetentionKind::Expiry, true, false)]);
    assert_eq!(rules(&[("models/session.js", mongo)]), [(RetentionKind::Expiry, false, false)]);
}

/// Which kinds of request the code answers.
fn requests(files: &[(&str, &str)]) -> Vec<RequestKind> {
    let mut kinds: Vec<_> = privacy(files).requests.into_iter().map(|request| request.kind).collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

#[test]
fn export_and_deletion_are_told_by_their_names() {
    use RequestKind::{Deletion, Export};
    for (path, text, expected) in [
        (
            "src/account.ts",
            "router.delete('/account', deleteAccount)\nrouter.get('/account/export', exportAccountData)\n",
            vec![Export, Deletion],
        ),
        ("accounts/views.py", "def close(request):\n    user.delete()\n", vec![Deletion]),
        ("app/models/user.rb", "devise :database_authenticatable, :registerable\n", vec![Deletion]),
        ("app/Http/Controllers/Settings/ProfileController.php", "<?php $user->delete();\n", vec![Deletion]),
        ("app/settings/data_export.py", "def data_export():\n    pass\n", vec![Export]),
        (
            "Pages/Account/Manage/DownloadPersonalData.cshtml.cs",
            "public class DownloadPersonalDataModel {}\n",
            vec![Export],
        ),
        ("src/users.ts", "export function deleteUserRole() {}\nexport function exportUsers() {}\n", vec![]),
        ("src/chart.tsx", "const exportData = () => chart.toCsv()\n", vec![]),
        ("tests/account.test.ts", "deleteAccount()\n", vec![]),
        (
            "cmd/handlers.go",
            "g.POST(\"/export\", app.ExportSubscriber)\ng.POST(\"/wipe\", app.WipeSubscriber)\n",
            vec![Export, Deletion],
        ),
    ] {
        assert_eq!(requests(&[(path, text)]), expected, "{path}");
    }
}
