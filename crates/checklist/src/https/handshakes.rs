//! What handshakes with a running site show.

use jiff::Timestamp;
use seaworthy_facts::{
    FactView, Origin, Records, SeenCertificate, SentCertificate, Site, SuiteWeakness, TlsEndpoint,
    TlsVersion, Trust,
};
use seaworthy_model::{Environment, Rung};

use crate::Item;
use crate::live::Live;

/// Weaknesses that fail, in the order of their weight.
const BREAKING: [SuiteWeakness; 5] = [
    SuiteWeakness::Null,
    SuiteWeakness::Anonymous,
    SuiteWeakness::Export,
    SuiteWeakness::Rc4,
    SuiteWeakness::Des,
];
/// Weaknesses that are said.
const NOTED: [SuiteWeakness; 3] =
    [SuiteWeakness::RsaKeyExchange, SuiteWeakness::StaticDiffieHellman, SuiteWeakness::Cbc];

/// Old versions and broken suites are refused; the certificate is one that clients trust.
pub fn versions(item: &Item, view: &FactView) -> Live {
    Live::of_endpoints(view, |endpoint, live| {
        let mut against: Vec<String> = endpoint
            .versions
            .iter()
            .filter(|offer| offer.version < TlsVersion::Tls12 && offer.accepted == Some(true))
            .map(|offer| format!("accepts {}", offer.version.name()))
            .collect();
        against.extend(BREAKING.iter().filter_map(|weakness| {
            Some(format!("accepts cipher suites with {}", suites(endpoint, *weakness)?))
        }));
        against.extend(endpoint.chain.iter().enumerate().flat_map(|(place, sent)| weak(place, sent)));
        let distrust = endpoint.trust.as_ref().filter(|trust| **trust != Trust::Trusted).map(distrust);
        // A certificate of one's own is right on this machine and in private networks.
        let is_trial = endpoint.environment == Environment::Scratch
            && matches!(endpoint.trust, Some(Trust::SelfSigned | Trust::UnknownRoot));
        match distrust {
            Some(why) if is_trial => live.note(format!("{}: {why}", of(endpoint)), &endpoint.url),
            other => against.extend(other),
        }
        for summary in &against {
            live.contradicts(item, endpoint.into(), format!("{}: {summary}", of(endpoint)));
        }
        for weakness in NOTED {
            if let Some(suites) = suites(endpoint, weakness) {
                live.note(format!("{}: cipher suites with {suites}", of(endpoint)), &endpoint.url);
            }
        }
        live.note(format!("{}: {}", of(endpoint), besides(endpoint).join("; ")), &endpoint.url);
        for untold in endpoint.untold.iter().take(8) {
            live.note(format!("{}: {untold}", of(endpoint)), &endpoint.url);
        }
        if !against.is_empty() {
            return;
        }
        match open_question(endpoint) {
            Some(question) => live.undecided(format!("{}: {question}", of(endpoint)), &endpoint.url),
            None => {
                let new: Vec<&str> = accepted(endpoint).map(TlsVersion::name).collect();
                let summary = format!(
                    "{}: only {} accepted, no broken cipher suite among {}, {}",
                    of(endpoint),
                    new.join(" and "),
                    endpoint.suites.len(),
                    endpoint.chain.first().map_or_else(String::new, described),
                );
                live.supports(item, endpoint.into(), summary);
            }
        }
    })
}

/// The certificate comes from an authority that issues by ACME, and somebody renews it in time.
pub fn renewal(item: &Item, view: &FactView) -> Live {
    Live::of_endpoints(view, |endpoint, live| {
        let Some(leaf) = endpoint.chain.first() else {
            live.note(format!("{}: no certificate could be read", of(endpoint)), &endpoint.url);
            return;
        };
        let hours = |from: Timestamp, until: Timestamp| until.duration_since(from).as_hours();
        let (left, whole) = (hours(endpoint.at, leaf.not_after), hours(leaf.not_before, leaf.not_after));
        let life = format!("{} of {} days left", left.div_euclid(24), whole / 24);
        let earlier = earlier(view, endpoint, leaf);
        if let Some(seen) = earlier
            && seen.not_after < leaf.not_before
        {
            let summary = format!(
                "{}: the certificate before this one (serial {}) expired at {}, before this one began at {}",
                of(endpoint),
                seen.serial,
                seen.not_after,
                leaf.not_before
            );
            live.note(summary, &endpoint.url);
        }
        let origin = origin_of(view, endpoint);
        if let Some(origin) = origin.filter(|origin| !origin.addresses.is_empty()) {
            live.note(names(origin), &endpoint.url);
        }
        if let (Some(authority), Some(origin)) = (&leaf.acme_issuer, origin)
            && let Some(allowed) = shut_out(leaf, origin)
        {
            let summary = format!(
                "{}: the next renewal will be refused: the CAA records allow {allowed} and not {authority}",
                of(endpoint)
            );
            live.contradicts(item, endpoint.into(), summary);
            return;
        }
        if endpoint.at > leaf.not_after {
            let summary = format!("{}: the certificate expired at {}", of(endpoint), leaf.not_after);
            live.contradicts(item, endpoint.into(), summary);
        } else if left < whole / 6 {
            let summary = format!("{}: {life}: what renews by itself has done so by now", of(endpoint));
            live.contradicts(item, endpoint.into(), summary);
        } else if endpoint.trust == Some(Trust::SelfSigned) && endpoint.environment == Environment::Production
        {
            let summary = format!("{}: the certificate signed itself: nothing renews it", of(endpoint));
            live.contradicts(item, endpoint.into(), summary);
        } else if let Some(seen) = earlier.filter(|seen| seen.not_after >= leaf.not_before) {
            let summary = format!(
                "{}: renewed: the certificate {} (seen {}, until {}) was replaced by {} in time; {life}",
                of(endpoint),
                seen.serial,
                seen.at,
                seen.not_after,
                leaf.serial
            );
            live.supports(item, endpoint.into(), summary);
        } else if let Some(authority) = &leaf.acme_issuer {
            let summary = format!("{}: issued by {authority}, which issues by ACME; {life}", of(endpoint));
            // That it is renewed is proven by a renewal, and not by one look.
            live.supports(item, endpoint.into(), summary).rung = Rung::Observed;
        } else {
            let summary = format!(
                "{}: issued by {}, which does not tell how it is renewed; {life}",
                of(endpoint),
                leaf.issuer
            );
            live.undecided(summary, &endpoint.url);
        }
    })
}

/// The last other certificate that a remembered probe of this address saw.
fn earlier<'a>(
    view: &FactView<'a>,
    endpoint: &TlsEndpoint,
    leaf: &SentCertificate,
) -> Option<&'a SeenCertificate> {
    let records = view.get::<Records>().ok()?;
    let others = records
        .certificates
        .iter()
        .filter(|seen| seen.url == endpoint.url && seen.at < endpoint.at && seen.sha256 != leaf.sha256);
    others.max_by_key(|seen| seen.at)
}

fn origin_of<'a>(view: &FactView<'a>, endpoint: &TlsEndpoint) -> Option<&'a Origin> {
    view.get::<Site>().ok()?.origins.iter().find(|origin| origin.url == endpoint.url)
}

/// What the name stands for, and who may issue for it.
fn names(origin: &Origin) -> String {
    let issue = match &origin.caa {
        None => String::new(),
        Some(records) if records.is_empty() => {
            "; no CAA records, so that every authority may issue".to_owned()
        }
        Some(records) => format!("; CAA: {}", records.join(", ")),
    };
    format!("{} stands for {}{issue}", origin.host(), origin.addresses.join(" and "))
}

/// Whom the CAA records allow, where that is somebody else than who issued. For a wildcard its own records count where
/// there are some (RFC 8659, section 4.3).
fn shut_out(leaf: &SentCertificate, origin: &Origin) -> Option<String> {
    let records = origin.caa.as_ref()?;
    let of = |wanted: &str| -> Vec<&str> {
        let split = records.iter().filter_map(|record| record.split_once(' '));
        split.filter(|(tag, _)| *tag == wanted).map(|(_, value)| value).collect()
    };
    let is_wildcard = leaf.names.iter().any(|name| name.starts_with("*."));
    let wild = if is_wildcard { of("issuewild") } else { Vec::new() };
    let allowed = if wild.is_empty() { of("issue") } else { wild };
    if allowed.is_empty() || leaf.acme_caa.is_empty() {
        return None;
    }
    let issuer = |value: &str| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if allowed.iter().any(|value| leaf.acme_caa.contains(&issuer(value))) {
        return None;
    }
    let names: Vec<String> =
        allowed.iter().map(|value| issuer(value)).filter(|name| !name.is_empty()).collect();
    Some(if names.is_empty() { "nobody".to_owned() } else { names.join(", ") })
}

/// The address, with what it stands for where that is something else.
fn of(endpoint: &TlsEndpoint) -> String {
    if endpoint.url.contains(&endpoint.address) {
        endpoint.url.clone()
    } else {
        format!("{} ({})", endpoint.url, endpoint.address)
    }
}

fn accepted(endpoint: &TlsEndpoint) -> impl Iterator<Item = TlsVersion> {
    endpoint.versions.iter().filter(|offer| offer.accepted == Some(true)).map(|offer| offer.version)
}

/// A weakness and the names of the suites that have it, each once.
fn suites(endpoint: &TlsEndpoint, weakness: SuiteWeakness) -> Option<String> {
    let mut names: Vec<&str> = endpoint
        .suites
        .iter()
        .filter(|suite| suite.weaknesses.contains(&weakness))
        .map(|suite| suite.name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    let more = names.len().saturating_sub(4);
    names.truncate(4);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!names.is_empty()).then(|| format!("{}: {}{rest}", weakness.words(), names.join(", ")))
}

/// What is too weak about a certificate. A root's own signature is not looked at by anybody.
fn weak(place: usize, sent: &SentCertificate) -> Vec<String> {
    let which = if place == 0 {
        "the certificate".to_owned()
    } else {
        format!("the certificate of {}", sent.subject)
    };
    let least = if sent.key.starts_with("EC ") { 224 } else { 2048 };
    let is_counted = sent.key.starts_with("EC ") || sent.key == "RSA";
    let mut weak = Vec::new();
    if is_counted && sent.key_bits < least {
        weak.push(format!("the key of {which} is too short: {} of {} bits", sent.key, sent.key_bits));
    }
    let is_old = ["SHA-1", "MD5", "MD2"].iter().any(|hash| sent.signature.ends_with(hash));
    if is_old && sent.subject != sent.issuer {
        weak.push(format!("{which} is signed by {}", sent.signature));
    }
    weak
}

/// What handshakes show besides, which no item asks for.
fn besides(endpoint: &TlsEndpoint) -> Vec<String> {
    let mut told = vec![match endpoint.alpn.as_deref() {
        Some("h2") => "it speaks HTTP/2".to_owned(),
        Some(other) => format!("of HTTP/2 and HTTP/1.1 it chose {other}"),
        None => "it names no protocol by ALPN".to_owned(),
    }];
    told.extend(endpoint.resumes.map(|resumes| {
        let how = if resumes { "are taken up again" } else { "are not taken up again" };
        format!("sessions {how}")
    }));
    told.extend(endpoint.stapled.map(|stapled| {
        let how =
            if stapled { "is stapled" } else { "is not stapled, though the certificate names a responder" };
        format!("an OCSP answer {how}")
    }));
    if !endpoint.chain.is_empty() {
        told.push(format!("{} signed certificate timestamps", endpoint.timestamps));
    }
    told
}

fn distrust(trust: &Trust) -> String {
    match trust {
        Trust::Trusted => "the certificate is trusted".to_owned(),
        Trust::SelfSigned => "the certificate signed itself".to_owned(),
        Trust::Incomplete => "an intermediate certificate is missing from the chain".to_owned(),
        Trust::UnknownRoot => "the certificate is of an authority that clients do not know".to_owned(),
        Trust::WrongName => "the certificate is for other names".to_owned(),
        Trust::Expired => "the certificate has expired".to_owned(),
        Trust::NotYetValid => "the certificate is not valid yet".to_owned(),
        Trust::Other(why) => format!("the certificate is not trusted: {why}"),
    }
}

fn described(leaf: &SentCertificate) -> String {
    format!("certificate with {} of {} bits until {}", leaf.key, leaf.key_bits, leaf.not_after)
}

/// What keeps a server without a visible fault from being proven sound.
fn open_question(endpoint: &TlsEndpoint) -> Option<String> {
    let unclear =
        TlsVersion::ALL.into_iter().filter(|version| *version < TlsVersion::Tls12).find(|version| {
            !endpoint.versions.iter().any(|offer| offer.version == *version && offer.accepted == Some(false))
        });
    if let Some(version) = unclear {
        return Some(format!("whether {} is refused could not be told", version.name()));
    }
    if accepted(endpoint).next().is_none() {
        return Some("no version of TLS was accepted".to_owned());
    }
    if !endpoint.weak_tried {
        return Some("whether broken cipher suites are refused could not be told".to_owned());
    }
    (endpoint.trust.is_none() || endpoint.chain.is_empty())
        .then(|| "the certificate could not be read".to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use seaworthy_facts::{Facts, Suite, Tls, VersionOffer};
    use seaworthy_model::{Polarity, Status};

    use super::*;
    use crate::live::tests::report;

    fn certificate() -> SentCertificate {
        SentCertificate {
            subject: "CN=app.example".to_owned(),
            issuer: "CN=R10,O=Let's Encrypt,C=US".to_owned(),
            serial: "01".to_owned(),
            sha256: "00".to_owned(),
            names: vec!["app.example".to_owned()],
            not_before: "2026-05-01T00:00:00Z".parse().unwrap(),
            not_after: "2026-07-30T00:00:00Z".parse().unwrap(),
            key: "EC P-256".to_owned(),
            key_bits: 256,
            signature: "RSA with SHA-256".to_owned(),
            ocsp: false,
            acme_issuer: Some("Let's Encrypt".to_owned()),
            acme_caa: vec!["letsencrypt.org".to_owned()],
        }
    }

    fn endpoint(environment: Environment, accepted: &[TlsVersion]) -> TlsEndpoint {
        let versions = TlsVersion::ALL.into_iter().map(|version| VersionOffer {
            version,
            accepted: Some(accepted.contains(&version)),
            answer: String::new(),
        });
        TlsEndpoint {
            url: "https://app.example".to_owned(),
            host: "app.example".to_owned(),
            address: "192.0.2.1:443".to_owned(),
            environment,
            at: "2026-06-01T12:00:00Z".parse().unwrap(),
            unreached: None,
            versions: versions.collect(),
            suites: Vec::new(),
            weak_tried: true,
            chain: vec![certificate()],
            trust: Some(Trust::Trusted),
            alpn: None,
            resumes: None,
            stapled: None,
            timestamps: 0,
            untold: Vec::new(),
        }
    }

    fn sound() -> TlsEndpoint {
        endpoint(Environment::Production, &[TlsVersion::Tls12, TlsVersion::Tls13])
    }

    fn told(id: &str, endpoint: TlsEndpoint) -> (Status, Option<Rung>, Vec<String>) {
        let tls = Tls { endpoints: vec![endpoint], handshakes: 9 };
        let facts = Facts { tls: tls.into(), ..Facts::default() };
        let report = report(crate::find(id).unwrap(), &facts);
        let against = report.evidence.iter().filter(|evidence| evidence.polarity == Polarity::Against);
        let summaries = against.map(|evidence| evidence.summary.clone()).collect();
        (report.status, report.evidence.first().map(|evidence| evidence.rung), summaries)
    }

    fn versions(endpoint: TlsEndpoint) -> (Status, Vec<String>) {
        let (status, _, against) = told("https.tls-version", endpoint);
        (status, against)
    }

    #[test]
    fn a_sound_server_proves_it() {
        let (status, rung, _) = told("https.tls-version", sound());
        assert_eq!((status, rung), (Status::Pass, Some(Rung::Proven)));
    }

    #[test]
    fn old_versions_and_broken_suites_fail() {
        let old = endpoint(Environment::Production, &[TlsVersion::Tls10, TlsVersion::Tls12]);
        let (status, against) = versions(old);
        assert_eq!(status, Status::Fail);
        assert_eq!(against, ["https://app.example (192.0.2.1:443): accepts TLS 1.0"]);
        let suite = |name: &str, weaknesses| Suite {
            version: TlsVersion::Tls12,
            id: 5,
            name: name.to_owned(),
            weaknesses,
        };
        let broken = suite("TLS_RSA_WITH_RC4_128_SHA", vec![SuiteWeakness::Rc4]);
        assert_eq!(versions(TlsEndpoint { suites: vec![broken], ..sound() }).0, Status::Fail);
        let noted = suite("TLS_RSA_WITH_AES_128_CBC_SHA", vec![SuiteWeakness::Cbc]);
        assert_eq!(versions(TlsEndpoint { suites: vec![noted], ..sound() }).0, Status::Pass);
    }

    #[test]
    fn a_certificate_that_clients_refuse_fails() {
        for trust in
            [Trust::Expired, Trust::WrongName, Trust::Incomplete, Trust::UnknownRoot, Trust::SelfSigned]
        {
            assert_eq!(versions(TlsEndpoint { trust: Some(trust), ..sound() }).0, Status::Fail);
        }
        let short = SentCertificate { key: "RSA".to_owned(), key_bits: 1024, ..certificate() };
        assert_eq!(versions(TlsEndpoint { chain: vec![short], ..sound() }).0, Status::Fail);
        let old = SentCertificate { signature: "RSA with SHA-1".to_owned(), ..certificate() };
        assert_eq!(versions(TlsEndpoint { chain: vec![old.clone()], ..sound() }).0, Status::Fail);
        let root = SentCertificate { issuer: old.subject.clone(), ..old };
        assert_eq!(versions(TlsEndpoint { chain: vec![certificate(), root], ..sound() }).0, Status::Pass);
    }

    #[test]
    fn ones_own_authority_is_right_on_a_trial() {
        let trial = endpoint(Environment::Scratch, &[TlsVersion::Tls13]);
        let (status, against) = versions(TlsEndpoint { trust: Some(Trust::UnknownRoot), ..trial.clone() });
        assert_ne!(status, Status::Fail);
        assert!(against.is_empty());
        assert_eq!(versions(TlsEndpoint { trust: Some(Trust::Expired), ..trial }).1.len(), 1);
    }

    #[test]
    fn what_could_not_be_told_proves_nothing() {
        let untried = TlsEndpoint { weak_tried: false, ..sound() };
        assert_eq!(versions(untried).0, Status::Unknown);
        let mut unclear = sound();
        unclear.versions[1].accepted = None;
        assert_eq!(versions(unclear).0, Status::Unknown);
        assert_eq!(versions(TlsEndpoint { chain: Vec::new(), trust: None, ..sound() }).0, Status::Unknown);
    }

    #[test]
    fn another_certificate_in_time_proves_a_renewal() {
        let with = |sha256: &str, until: &str| {
            let seen = SeenCertificate {
                url: "https://app.example".to_owned(),
                at: "2026-04-01T00:00:00Z".parse().unwrap(),
                serial: "00".to_owned(),
                sha256: sha256.to_owned(),
                not_after: until.parse().unwrap(),
                record: ".seaworthy/records/a.json".to_owned(),
            };
            let tls = Tls { endpoints: vec![sound()], handshakes: 9 };
            let records = Records { certificates: vec![seen], ..Records::default() };
            let facts = Facts { tls: tls.into(), records: records.into(), ..Facts::default() };
            let report = report(crate::find("https.auto-renewal").unwrap(), &facts);
            (report.status, report.evidence[0].rung)
        };
        assert_eq!(with("aa", "2026-05-20T00:00:00Z"), (Status::Pass, Rung::Proven));
        // The same one, or one that had expired by then, shows no renewal in time.
        assert_eq!(with("00", "2026-05-20T00:00:00Z"), (Status::Pass, Rung::Observed));
        assert_eq!(with("aa", "2026-04-20T00:00:00Z"), (Status::Pass, Rung::Observed));
    }

    #[test]
    fn records_that_shut_the_issuer_out_fail() {
        let with = |records: Option<&[&str]>| {
            let mut site = crate::live::tests::origin(Environment::Production, Vec::new());
            site.caa = records.map(|records| records.iter().map(|record| (*record).to_owned()).collect());
            let tls = Tls { endpoints: vec![sound()], handshakes: 9 };
            let facts = Facts { tls: tls.into(), ..crate::live::tests::probed(vec![site]) };
            report(crate::find("https.auto-renewal").unwrap(), &facts).status
        };
        assert_eq!(with(None), Status::Pass);
        assert_eq!(with(Some(&[])), Status::Pass);
        assert_eq!(
            with(Some(&["issue pki.goog", "issue letsencrypt.org; validationmethods=dns-01"])),
            Status::Pass
        );
        assert_eq!(with(Some(&["iodef mailto:a@app.example"])), Status::Pass);
        assert_eq!(with(Some(&["issuewild ;"])), Status::Pass, "it is no wildcard");
        assert_eq!(with(Some(&["issue pki.goog"])), Status::Fail);
        assert_eq!(with(Some(&["issue ;"])), Status::Fail);
    }

    #[test]
    fn renewal_is_observed_by_issuer_and_remaining_life() {
        let (status, rung, _) = told("https.auto-renewal", sound());
        assert_eq!((status, rung), (Status::Pass, Some(Rung::Observed)));
        let until = |text: &str| {
            let leaf = SentCertificate { not_after: text.parse().unwrap(), ..certificate() };
            told("https.auto-renewal", TlsEndpoint { chain: vec![leaf], ..sound() }).0
        };
        assert_eq!(until("2026-06-05T00:00:00Z"), Status::Fail);
        assert_eq!(until("2026-05-30T00:00:00Z"), Status::Fail);
        let bought = SentCertificate { acme_issuer: None, ..certificate() };
        let bought = TlsEndpoint { chain: vec![bought], ..sound() };
        assert_eq!(told("https.auto-renewal", bought.clone()).0, Status::Unknown);
        let own = TlsEndpoint { trust: Some(Trust::SelfSigned), ..bought };
        assert_eq!(told("https.auto-renewal", own).0, Status::Fail);
    }
}
