//! Names of legal texts: of files, of addresses and of link labels.

use seaworthy_facts::LegalKind;

const PRIVACY: &[&str] = &[
    "privacy",
    "privacypolicy",
    "privacynotice",
    "privacystatement",
    "datenschutz",
    "datenschutzerklaerung",
    "datenschutzerklärung",
    "dataprotection",
    "confidentialite",
    "confidentialité",
    "privacidad",
    "privacidade",
    "privacybeleid",
    "privacyverklaring",
    "integritetspolicy",
    "personvern",
    "privatlivspolitik",
];

const TERMS: &[&str] = &[
    "terms",
    "termsofservice",
    "termsofuse",
    "termsandconditions",
    "termsconditions",
    "termsservice",
    "tos",
    "tou",
    "agb",
    "nutzungsbedingungen",
    "cgu",
    "cgv",
    "terminos",
    "términos",
    "termos",
    "eula",
    "voorwaarden",
    "useragreement",
];

/// What may stand beside in a name without changing what it names.
const BESIDE: &[&str] = &[
    "policy",
    "policies",
    "notice",
    "statement",
    "page",
    "pages",
    "view",
    "screen",
    "content",
    "text",
    "legal",
    "component",
    "index",
    "service",
    "services",
    "use",
    "usage",
    "and",
    "conditions",
    "condition",
    "the",
    "marketing",
    "public",
    "web",
    "website",
    "site",
    "html",
    "static",
    "show",
    "template",
    "our",
    "general",
    "cookie",
    "cookies",
    "user",
    "section",
    "body",
    "route",
    "lazy",
    "generales",
    "condiciones",
    "uso",
    "politica",
    "política",
    "politique",
    "erklaerung",
    "main",
    "article",
    "full",
    "current",
    "latest",
    "data",
    "protection",
    "container",
    "default",
    "docs",
    "app",
    "customer",
    "saas",
    "information",
    "informativa",
    "blade",
    "com",
    "front",
    "home",
    "homepage",
    "footer",
    "live",
    "donnees",
    "données",
    "personnelles",
];

/// Words of a name, in lower case: parted at separators and at capitals.
pub fn words(name: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut word = String::new();
    let mut small = false;
    for character in name.chars().take(120) {
        if !character.is_alphanumeric() {
            if !word.is_empty() {
                found.push(std::mem::take(&mut word));
            }
            small = false;
            continue;
        }
        if character.is_uppercase() && small && !word.is_empty() {
            found.push(std::mem::take(&mut word));
        }
        small = character.is_lowercase();
        word.extend(character.to_lowercase());
    }
    if !word.is_empty() {
        found.push(word);
    }
    found
}

/// The kind of legal text that a name names, when it names nothing else.
pub fn kind(name: &str) -> Option<LegalKind> {
    let words = words(name);
    let is = |keys: &[&str]| words.iter().any(|word| keys.contains(&word.as_str()));
    let privacy = is(PRIVACY) || words.windows(2).any(|pair| pair[0] == "data" && pair[1] == "protection");
    let terms = is(TERMS) || words.join(" ").contains("user agreement");
    let kind = match (privacy, terms) {
        (true, _) => LegalKind::Privacy,
        (false, true) => LegalKind::Terms,
        (false, false) => return None,
    };
    let other = words.iter().any(|word| {
        let known = PRIVACY.contains(&word.as_str())
            || TERMS.contains(&word.as_str())
            || BESIDE.contains(&word.as_str())
            || word == "agreement"
            || word.chars().count() <= 2
            || word.chars().all(|c| c.is_ascii_digit());
        !known
    });
    (!other).then_some(kind)
}

/// Those whose terms bind somebody other than the people who use the application: a part of an address that names them says
/// that what is below it is about a programme.
const PROGRAMMES: &[&str] = &[
    "affiliate",
    "affiliates",
    "partner",
    "partners",
    "reseller",
    "resellers",
    "referral",
    "referrals",
    "vendor",
    "vendors",
    "contest",
    "contests",
    "giveaway",
    "giveaways",
    "sweepstakes",
    "bounty",
    "supplier",
    "suppliers",
];

/// Whether a path lies below the name of a programme that has terms of its own.
pub fn is_of_a_programme(path: &str) -> bool {
    let mut parts = path.trim_end_matches('/').rsplit(['/', '#', ':', '.']).skip(1).take(6);
    parts.any(|part| words(part).iter().any(|word| PROGRAMMES.contains(&word.as_str())))
}

/// The kind of text that an address leads to: its last part that names one.
pub fn kind_of_address(address: &str) -> Option<LegalKind> {
    let path = match address.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => address,
    };
    let path = path.split('?').next().unwrap_or(path);
    // The name of Laravel Jetstream's route.
    if path == "policy.show" {
        return Some(LegalKind::Privacy);
    }
    if is_of_a_programme(path) {
        return None;
    }
    path.rsplit(['/', '#', ':']).take(6).find_map(|part| {
        let part = ["html", "htm", "php", "md", "aspx", "pdf", "txt"]
            .iter()
            .find_map(|ending| part.strip_suffix(ending).and_then(|part| part.strip_suffix('.')))
            .unwrap_or(part);
        kind(part)
    })
}

/// The kind of text that a label promises.
pub fn kind_of_label(label: &str) -> Option<LegalKind> {
    let lower = label.to_lowercase();
    let any = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
    if any(&[
        "privacy policy",
        "privacy notice",
        "privacy statement",
        "datenschutz",
        "politique de confidentialit",
        "política de privac",
        "politica de privac",
        "informativa sulla privacy",
        "privacyverklaring",
        "privacybeleid",
        "プライバシーポリシー",
        "隐私政策",
    ]) {
        return Some(LegalKind::Privacy);
    }
    if any(&[
        "terms of service",
        "terms of use",
        "terms and conditions",
        "terms & conditions",
        "terms &amp; conditions",
        "nutzungsbedingungen",
        "conditions générales",
        "términos y condiciones",
        "terminos y condiciones",
        "termos de uso",
        "termini di servizio",
        "利用規約",
        "服务条款",
    ]) {
        return Some(LegalKind::Terms);
    }
    match lower.trim().trim_end_matches('.') {
        "privacy" => Some(LegalKind::Privacy),
        "terms" | "agb" | "tos" | "terms of service" => Some(LegalKind::Terms),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_legal_texts() {
        for name in [
            "privacy",
            "PrivacyPolicy",
            "privacy-policy.en",
            "privacyPolicyPage",
            "Datenschutz",
            "data-protection",
        ] {
            assert_eq!(kind(name), Some(LegalKind::Privacy), "{name}");
        }
        for name in
            ["terms", "terms_of_service", "TermsOfUse", "termsofservice", "tos", "TermsAndConditions", "agb"]
        {
            assert_eq!(kind(name), Some(LegalKind::Terms), "{name}");
        }
        for name in [
            "PrivacySettings",
            "privacy_banner",
            "terms_controller",
            "search-terms",
            "useTerms2Hook",
            "TermSheet",
        ] {
            assert_eq!(kind(name), None, "{name}");
        }
    }

    #[test]
    fn addresses_and_labels() {
        assert_eq!(
            kind_of_address("https://example.org/legal/privacy-policy.html"),
            Some(LegalKind::Privacy)
        );
        assert_eq!(kind_of_address("policy.show"), Some(LegalKind::Privacy));
        assert_eq!(kind_of_address("/terms"), Some(LegalKind::Terms));
        assert_eq!(kind_of_address("/affiliates/terms/"), None);
        assert!(
            is_of_a_programme("templates/partners/terms.html")
                && !is_of_a_programme("templates/site/terms.html")
        );
        assert_eq!(kind_of_address("https://privacy.org/blog/privacy-first-search"), None);
        assert_eq!(kind_of_label(" Privacy "), Some(LegalKind::Privacy));
        assert_eq!(kind_of_label("I agree to the Terms of Service"), Some(LegalKind::Terms));
        assert_eq!(kind_of_label("Search terms"), None);
    }
}
