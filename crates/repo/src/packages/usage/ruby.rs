//! How Ruby uses a gem. `Bundler.require` loads every gem, so that a mention is not always needed.

use seaworthy_facts::Usage;

use super::names::{Names, compact};
use super::{Clues, because, depends, runs_programs};
use crate::packages::draft::Draft;
use crate::scan::Hit;
use crate::tree::File;

/// Gems that work by being loaded, or that the framework finds by itself.
const WORKS_BY_BEING_LOADED: &[&str] = &[
    "rails",
    "railties",
    "bootsnap",
    "puma",
    "pg",
    "mysql2",
    "trilogy",
    "sqlite3",
    "sprockets",
    "sprockets-rails",
    "propshaft",
    "importmap-rails",
    "turbo-rails",
    "stimulus-rails",
    "jbuilder",
    "tzinfo-data",
    "rails-i18n",
    "cssbundling-rails",
    "jsbundling-rails",
    "tailwindcss-rails",
    "dartsass-rails",
    "sassc-rails",
    "sass-rails",
    "sassc",
    "uglifier",
    "terser",
    "webpacker",
    "shakapacker",
    "vite_rails",
    "solid_cache",
    "solid_queue",
    "solid_cable",
    "thruster",
    "kamal",
    "rack-timeout",
    "dotenv-rails",
    "omniauth-rails_csrf_protection",
    "image_processing",
    "mini_magick",
    "ruby-vips",
    "bcrypt",
    "activerecord-import",
    "rbtrace",
    "rails_12factor",
    "skylight",
    "newrelic_rpm",
    "scout_apm",
    "appsignal",
    "sentry-rails",
    "sentry-ruby",
    "sentry-sidekiq",
    "foreman",
    "rack",
    "rackup",
    "rake",
    "net-smtp",
    "net-imap",
    "net-pop",
    "bigdecimal",
    "base64",
    "mutex_m",
    "drb",
    "ostruct",
    "logger",
    "matrix",
    "rexml",
    "webrick",
    "psych",
    "stringio",
    "irb",
    "slim",
    "slim-rails",
    "haml",
    "haml-rails",
    "hamlit",
    "coffee-rails",
    "jquery-rails",
    "jquery-ui-rails",
    "bootstrap",
    "font-awesome-rails",
    "autoprefixer-rails",
    "turbolinks",
    "responders",
    "local_time",
    "rails_semantic_logger",
    "amazing_print",
    "oj",
    "hiredis",
    "hiredis-client",
    "jemalloc",
    "concurrent-ruby",
    "nokogiri",
    "strong_migrations",
    "pghero",
    "blazer",
    "maintenance_tasks",
    "rails-html-sanitizer",
    "premailer-rails",
    "roadie-rails",
    "http_accept_language",
    "browser",
    "validates_formatting_of",
    "discard",
    "groupdate",
    "chartkick",
    "phlex-rails",
    "view_component",
    "herb",
    "cssminify",
    "execjs",
    "mini_racer",
    "secure_headers",
    "rack-mini-profiler",
    "stackprof",
    "sd_notify",
    "ed25519",
    "bcrypt_pbkdf",
    "x25519",
    "activerecord-postgis-adapter",
    "ancestry",
    "acts_as_list",
    "paranoia",
    "aasm",
    "scenic",
    "fx",
    "lograge",
    "kaminari",
    "will_paginate",
    "simple_form",
    "counter_culture",
    "friendly_id",
    "annotate",
    "marginalia",
    "schema_plus",
    "rspec-rails",
    "barnes",
    "rack-brotli",
    "heroku-deflater",
    "makara",
    "connection_pool",
    "ffi",
    "parallel",
    "rack-canonical-host",
    "meta-tags",
    "cocoon",
    "gon",
    "inline_svg",
];

/// Gems with the constants and words that show them.
const SHOWN_BY: &[(&str, &[&str])] = &[
    ("observer", &["Observable", "require \"observer\"", "require 'observer'"]),
    ("csv", &["CSV"]),
    ("zlib", &["Zlib"]),
    ("pp", &["pp ", "pretty_inspect", ".pretty_print", "PP"]),
    ("rdoc", &["RDoc"]),
    ("dalli", &["Dalli", "mem_cache_store"]),
    ("rqrcode", &["RQRCode"]),
    ("rotp", &["ROTP"]),
    ("webauthn", &["WebAuthn"]),
    ("openid_connect", &["OpenIDConnect"]),
    ("aws-sdk-s3", &["Aws::S3", ":amazon", "Aws::"]),
    ("aws-sdk-sqs", &["Aws::SQS", "shoryuken"]),
    ("redis", &["Redis", ":redis_cache_store", "redis://"]),
    ("redis-rails", &["redis_store"]),
    ("sidekiq", &["Sidekiq", ":sidekiq"]),
    ("jwt", &["JWT"]),
    ("httparty", &["HTTParty"]),
    ("rest-client", &["RestClient"]),
    ("graphql", &["GraphQL"]),
    ("pundit", &["Pundit", "authorize ", "policy("]),
    ("cancancan", &["CanCan"]),
    ("devise", &["Devise", "devise "]),
    ("octokit", &["Octokit"]),
    ("rack-attack", &["Rack::Attack"]),
    ("rack-cors", &["Rack::Cors"]),
    ("oauth2", &["OAuth2"]),
    ("xml-simple", &["XmlSimple"]),
    ("dogstatsd-ruby", &["Datadog::Statsd", "Statsd"]),
    ("statsd-instrument", &["StatsD"]),
    ("google-protobuf", &["Google::Protobuf"]),
    ("ruby-magic", &["Magic"]),
    ("opensearch-ruby", &["OpenSearch"]),
    ("elasticsearch", &["Elasticsearch"]),
    ("mail", &["Mail::", "Mail.", "Mail("]),
    ("yaml-schema", &["YAMLSchema"]),
    ("ruby-openai", &["OpenAI"]),
    ("sendgrid-ruby", &["SendGrid"]),
    ("pdfkit", &["PDFKit"]),
    ("stripe", &["Stripe"]),
    ("carrierwave", &["CarrierWave", "mount_uploader"]),
    ("paper_trail", &["PaperTrail", "has_paper_trail"]),
    ("pagy", &["Pagy", "pagy"]),
    ("ransack", &["ransack"]),
    ("gravtastic", &["gravtastic", "Gravtastic"]),
    ("geocoder", &["Geocoder", "geocoded_by"]),
    ("money-rails", &["monetize", "Money"]),
    ("rubyzip", &["Zip::"]),
    ("wicked_pdf", &["WickedPdf", "wicked_pdf", "pdf:"]),
    ("acts-as-taggable-on", &["acts_as_taggable"]),
    ("pg_search", &["PgSearch"]),
    ("rolify", &["rolify"]),
    ("good_job", &["GoodJob", ":good_job"]),
    ("delayed_job_active_record", &["delayed_job", "Delayed::"]),
];

/// The literals by which a gem shows itself.
pub fn clues(name: &str, draft: &Draft, clues: &mut Clues) {
    if let Some((_, signs)) = SHOWN_BY.iter().find(|(known, _)| *known == name) {
        for sign in *signs {
            clues.word(*sign, in_ruby);
        }
        // A name that is a common word proves nothing by itself.
        if *name != *"observer" && name.len() > 4 && name.contains(['-', '_']) {
            clues.word(name, in_ruby);
        }
        return;
    }
    let underscored = name.replace('-', "_");
    clues.word(name, in_ruby);
    if underscored != name {
        clues.word(&underscored, in_ruby);
        clues.text(format!("\"{}", name.replace('-', "/")), in_ruby);
    }
    let camel = |text: &str| -> String {
        text.split('_')
            .map(|part| {
                part.chars()
                    .take(1)
                    .flat_map(char::to_uppercase)
                    .chain(part.chars().skip(1))
                    .collect::<String>()
            })
            .collect()
    };
    let parts: Vec<String> = name.split('-').map(camel).collect();
    clues.word(parts.join("::"), in_ruby);
    clues.word(camel(&underscored), in_ruby);
    clues.word(name.to_ascii_uppercase(), in_ruby);
    for (_, text) in &draft.texts {
        if let Some((gem, required)) = text.split_once('\n')
            && gem == name
        {
            clues.text(required.trim_matches(['"', '\'']).to_owned(), in_ruby);
        }
    }
}

fn in_ruby(file: &File, hit: &Hit) -> bool {
    let name = file.name();
    let manifest = name == "Gemfile"
        || name == "gems.rb"
        || name.ends_with(".gemspec")
        || file.path.starts_with(".github/dependabot");
    !hit.comment
        && !manifest
        && (file.language == Some("ruby")
            || runs_programs(file)
            || matches!(name, "Rakefile" | "config.ru" | "Capfile" | "Guardfile")
            || name.ends_with(".jbuilder")
            || name.ends_with(".ru"))
}

/// What implies a gem that no code names.
pub fn implied(name: &str, draft: &Draft, names: &Names) -> Option<Usage> {
    if WORKS_BY_BEING_LOADED.contains(&name) {
        return because("it works by being loaded");
    }
    // A pin of what another gem of the bundle needs.
    if let Some((host, _)) = draft
        .known
        .iter()
        .filter(|(host, known)| *host != name && known.peers.iter().any(|peer| peer == name))
        .min_by_key(|(host, _)| host.len())
    {
        return because(format!("{host} needs it"));
    }
    if name == "dogstatsd-ruby" && (depends(draft, "datadog") || depends(draft, "ddtrace")) {
        return because("Datadog sends run-time metrics through it");
    }
    let host = draft.manifest.dependencies.iter().find(|other| {
        other.name != name
            && (name.starts_with(&format!("{}-", other.name))
                || name.starts_with(&format!("{}_", other.name)))
    });
    if let Some(host) = host {
        return because(format!("it extends {}", host.name));
    }
    // A railtie is loaded with Rails.
    let railtie = name.ends_with("-rails")
        || name.ends_with("_rails")
        || name.starts_with("rails-")
        || name.starts_with("activestorage-")
        || name.starts_with("activerecord-");
    if railtie && depends(draft, "rails") {
        return because("a part of Rails that works by being loaded");
    }
    if SHOWN_BY.iter().any(|(known, _)| *known == name) {
        return None;
    }
    // Acronyms and inner capitals: `htmlentities` is `HTMLEntities`.
    names.constants().get(&compact(name)).map(|at| Usage::Used { at: at.clone() })
}
