#![allow(clippy::unwrap_used)]

use seaworthy_facts::{Dependency, Lock, Manifest, Scope};

use super::*;
use crate::scan::scan;
use crate::tree::Limits;

fn found(files: &[(&str, &str)], packages: &Packages) -> Capabilities {
    let folder = seaworthy_testkit::tree::folder(files);
    let tree = Tree::open(folder.path(), &[], Limits::default()).unwrap();
    let mut needles = Needles::default();
    let plan = plan(&mut needles);
    let scan = scan(&tree, &needles);
    collect(&tree, &scan, &plan, packages, &Containers::default())
}

fn gemfile(name: &str) -> Packages {
    Packages {
        manifests: vec![Manifest {
            ecosystem: Ecosystem::Rubygems,
            at: Location::file("Gemfile"),
            folder: ".".to_owned(),
            ships: true,
            member_of: None,
            lock: Lock::Missing,
            dependencies: vec![Dependency {
                name: name.to_owned(),
                requirement: String::new(),
                scope: Scope::Runtime,
                exact: false,
                resolved: None,
                at: Location::line("Gemfile", 3),
                usage: Usage::NotFound,
            }],
            partial: false,
        }],
        ..Packages::default()
    }
}

fn in_use(capabilities: &Capabilities, capability: &str) -> Vec<String> {
    capabilities.of(capability).filter(|p| p.in_use().is_some()).map(|p| p.name.clone()).collect()
}

#[test]
fn declared_and_used_is_in_use() {
    let code = [("app/x.rb", "x if Flipper.enabled?(:new_search)\n")];
    let capabilities = found(&code, &gemfile("flipper-active_record"));
    let flipper = capabilities.of("feature-flags").next().unwrap();
    assert_eq!(flipper.declared, [Location::line("Gemfile", 3)]);
    assert_eq!(flipper.in_use(), Some(&Location::line("app/x.rb", 1)));
}

#[test]
fn declared_alone_is_not_in_use() {
    let capabilities = found(&[("app/x.rb", "# Flipper.enabled?(:x)\n")], &gemfile("flipper"));
    assert!(capabilities.of("feature-flags").next().unwrap().in_use().is_none());
}

#[test]
fn used_without_the_declaration_that_it_needs_is_a_coincidence() {
    let code = [("app/x.rb", "x if Flipper.enabled?(:new_search)\n")];
    assert!(in_use(&found(&code, &gemfile("rails")), "feature-flags").is_empty());
    assert_eq!(in_use(&found(&code, &Packages::default()), "feature-flags"), ["Flipper"]);
}

#[test]
fn tests_and_examples_are_no_use() {
    for path in ["spec/x_spec.rb", "examples/x.rb", "vendor/x.rb"] {
        let capabilities = found(&[(path, "Flipper.enabled?(:x)\n")], &Packages::default());
        assert!(in_use(&capabilities, "feature-flags").is_empty(), "{path}");
    }
}

#[test]
fn a_companion_is_needed_where_the_literal_is_common() {
    let none = found(&[("a.js", "axios.create(); x.isEnabled('y')\n")], &Packages::default());
    assert!(in_use(&none, "feature-flags").is_empty());
    let unleash = found(
        &[("a.js", "const { initialize } = require('unleash-client')\nunleash.isEnabled('y')\n")],
        &Packages::default(),
    );
    assert_eq!(in_use(&unleash, "feature-flags"), ["Unleash"]);
}

#[test]
fn a_static_export_is_no_server() {
    let page = ("app/page.tsx", "import Link from 'next/link'\n");
    let server = found(&[page, ("next.config.js", "module.exports = {}\n")], &Packages::default());
    assert_eq!(in_use(&server, "http-server"), ["Next.js"]);
    let page_only =
        found(&[page, ("next.config.js", "module.exports = { output: 'export' }\n")], &Packages::default());
    assert!(in_use(&page_only, "http-server").is_empty());
    assert_eq!(in_use(&page_only, "front-end"), ["Next.js"]);
}

#[test]
fn a_switch_in_a_settings_table_is_a_flag() {
    let store = ("app/Models/Setting.php", "<?php class Setting extends Model {}\n");
    let admin = ("app/Http/Controllers/SettingController.php", "<?php $setting->update($data);\n");
    let ask = ("app/Services/A.php", "<?php if (Setting::get('enable_imports', false)) { run(); }\n");
    assert_eq!(
        in_use(&found(&[store, admin, ask], &Packages::default()), "feature-flags"),
        ["own switches in a settings table"]
    );
    // Nothing changes it, nothing stores it, or the environment decides.
    assert!(in_use(&found(&[store, ask], &Packages::default()), "feature-flags").is_empty());
    assert!(in_use(&found(&[admin, ask], &Packages::default()), "feature-flags").is_empty());
    let environment = ("app/Services/A.php", "<?php if (env('ENABLE_IMPORTS')) { settings()->get('x'); }\n");
    assert!(in_use(&found(&[store, admin, environment], &Packages::default()), "feature-flags").is_empty());
    let constants = ("app/a.py", "if settings.SLACK_ENABLED:\n    run()\n");
    assert!(in_use(&found(&[store, admin, constants], &Packages::default()), "feature-flags").is_empty());
}

#[test]
fn a_store_of_any_name_counts_and_a_framework_s_file_or_a_person_s_preference_does_not() {
    let admin = ("shop/views/settings.py", "def save(request):\n    setting.save()\n");
    let of = |store: &str, ask: &str| {
        let files = [("shop/models.py", store), admin, ("shop/orders.py", ask)];
        in_use(&found(&files, &Packages::default()), "feature-flags").len()
    };
    let (store, ask) =
        ("class ShopSetting(db.Model):\n    pass\n", "if ShopSetting.fetch('enable_gifts'):\n    run()\n");
    assert_eq!(of(store, ask), 1);
    assert_eq!(of(store, "if ShopConfig.get('enable_gifts'):\n    run()\n"), 1);
    assert_eq!(of(store, "if app.config.get('enable_gifts'):\n    run()\n"), 0);
    assert_eq!(of("class UserSetting(db.Model):\n    pass\n", ask), 0);
}

#[test]
fn a_switch_column_counts_for_an_installation_and_not_for_a_user() {
    let code = ("supabase/functions/chat/index.ts", "if (!config.enable_chat) {\n  return\n}\n");
    let sql = |table: &str| format!("CREATE TABLE {table} (\n  id uuid,\n  enable_chat boolean\n);\n");
    let of = |table: &str| {
        let sql = sql(table);
        let files = [code, ("supabase/migrations/1.sql", sql.as_str())];
        in_use(&found(&files, &Packages::default()), "feature-flags").len()
    };
    assert_eq!(of("widget_configs"), 1);
    assert_eq!(of("user_settings"), 0);
    assert_eq!(of("channels"), 0);
}

#[test]
fn signs_in_code_and_configuration() {
    let shows = |capability: &str, path: &str, text: &str| {
        let found = found(&[(path, text)], &Packages::default());
        found.of(capability).any(|product| !product.used.is_empty())
    };
    let metrics = "defmodule Shop.PromEx do\n  use PromEx, otp_app: :shop\n  def plugins, do: [{Plugins.Ecto, repos: [Shop.Repo]}]\nend\n";
    assert!(shows("database-monitoring", "lib/shop/prom_ex.ex", metrics));
    assert!(!shows(
        "database-monitoring",
        "lib/shop/prom_ex.ex",
        &metrics.replace("{Plugins.Ecto, repos: [Shop.Repo]}", "")
    ));
    assert!(shows("error-context", "Logging.cs", "options.IncludeScopes = true;\n"));
    assert!(!shows("error-context", "Logging.cs", "options.IncludeScopes = false;\n"));
    let storage = "flysystem:\n    storages:\n        files:\n            adapter: 'aws'\n";
    assert!(shows("object-storage", "config/packages/flysystem.yaml", storage));
    assert!(!shows("object-storage", "config/packages/flysystem.yaml", &storage.replace("aws", "local")));
}
