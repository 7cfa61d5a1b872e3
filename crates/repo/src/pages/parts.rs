//! The parts of a privacy policy, found by the words that such texts use. Finding a part says that the text speaks of it,
//! not that what it says is true or enough.

use std::sync::LazyLock;

use regex::Regex;
use seaworthy_facts::{Location, Part, PolicyPart};

/// The words of each part: English, German, French, Spanish, Portuguese, Italian and Dutch texts. Law: Regulation (EU) 2016/679,
/// Art. 13 (<https://eur-lex.europa.eu/eli/reg/2016/679/oj>) and California Civil Code 1798.100 and following
/// (<https://oag.ca.gov/privacy/ccpa>).
const WORDS: &[(Part, &str)] = &[
    (
        Part::Controller,
        r"data controller|\bcontroller (?:is|of|for|within|under)|\bcontroller:|who we are|(?:is|are) (?:operated|owned|provided|run|offered|maintained|developed) by|responsible for (?:the )?(?:processing|your (?:personal )?data)|responsible party|verantwortliche|responsable d[ue] trait|responsable del trat|titolare del tratt|verwerkingsverantwoordelijke|controlador|\b(?:gmbh|llc|ltd|inc|b\.v|s\.a\.r\.l|pty|corp(?:oration)?|e\.v)\b\.?[^a-z]",
    ),
    (
        Part::Contact,
        r"[\w.+-]+@[\w-]+\.[\w.-]+|[\w.+-]+ ?(?:\[at\]|\(at\)|&#64;) ?[\w-]+|(?:contact|write to|reach|e-?mail|kontakt|contactez|contacto)[^.]{0,60}(?:https?://|/contact|postal|street|p\.? ?o\.? box)|https?://\S*contact",
    ),
    (
        Part::Officer,
        r"data protection officer|\bdpo\b|datenschutzbeauftragt|délégué à la protection|delegado de protección|responsabile della protezione",
    ),
    (
        Part::Purposes,
        r"\bpurposes?\b|how (?:we|do we) use|how (?:your |the )?(?:data|information) is used|\bwe (?:may )?(?:only )?use (?:the |your |this |that |personal |such |collected |data|information)|use of (?:your )?(?:personal )?(?:data|information)|why we (?:collect|use|process)|zweck|finalité|finalidad|finalità|doeleinden",
    ),
    (
        Part::LegalBasis,
        r"(?:legal|lawful) (?:bas[ie]s|grounds?)|grounds? for (?:the )?processing|\bart(?:icle|\.)? ?6\b|legitimate interests?|rechtsgrundlage|berechtigte[sn]? interesse|bases? (?:légale|juridique|legal|jurídica|giuridica)|rechtsgrond|grondslag",
    ),
    (
        Part::Recipients,
        r"third[- ]part(?:y|ies)|service providers?|(?:sub-?)?processors?\b|recipients?\b|(?:share|disclose|pass|transfer|sell)[^.]{0,30}(?:data|information|it\b)[^.]{0,40}\b(?:with|to)\b|\bdisclos|empfänger|auftragsverarbeit|dritte|destinatair|sous-traitant|tiers|destinatari|terceros|encargad|ontvangers|derden",
    ),
    (
        Part::Transfers,
        r"standard contractual clauses|adequacy|data privacy framework|outside (?:of )?(?:the )?(?:eu|eea|uk|european|united kingdom|your (?:country|state|province))|(?:international|cross-border)[^.]{0,20} transfers?|transfer[^.]{0,60}(?:countr|united states|usa|\beu\b|\beea\b)|servers? (?:are )?(?:located |hosted )?in (?:the )?(?:united states|us\b|usa|eu\b|european|germany)|drittl[aä]nd|hors de l'|transferencias? internacional",
    ),
    (
        Part::Retention,
        r"\bretain(?:ed|s)?\b[^.]{0,80}(?:\bfor\b|until|as long|as necessary|days|months|years|indefinitely)|\bretention\b|how long|\bwe (?:will )?(?:keep|store)[^.]{0,80}(?:\bfor\b|until|as long as|no longer|\d+ (?:day|month|year|hour))|(?:kept|stored|held|remain)[^.]{0,60}(?:until|for (?:up to|as long|a (?:maximum|period)|\d)|as long as|no longer than|indefinitely)|(?:delet|eras|remov|purg|anonymi[sz])\w*[^.]{0,160}(?:after|within|older than)\b[^.]{0,40}(?:\d|days?\b|weeks?\b|months?\b|years?\b)|(?:deleted|erased|removed|purged) automatically|automatically (?:deleted|erased|removed|purged)|speicherdauer|aufbewahr|speicherfrist|gelöscht|conserv|plazo|bewaartermijn",
    ),
    (
        Part::Withdrawal,
        r"withdraw[^.]{0,40}consent|consent[^.]{0,80}withdraw|revoke[^.]{0,30}consent|widerruf|retirer votre consentement|retirar[^.]{0,20}consentimiento|revocare il consenso",
    ),
    (
        Part::Complaint,
        r"supervisory authorit|(?:lodge|file|make|submit|raise) a complaint|complain(?:t|ts)?[^.]{0,60}(?:authorit|commissioner|regulator|\bdpa\b|\bico\b)|data protection (?:authorit|commissioner|regulator)|information commissioner|\bcnil\b|\baepd\b|aufsichtsbehörde|beschwerde|autorité de contrôle|autoridad de (?:control|protección)|autorità di controllo|garante|autoriteit persoonsgegevens|\banpd\b",
    ),
    (
        Part::AutomatedDecisions,
        r"automated (?:individual )?decision|profiling|automated processing|automatisierte entscheidung|décision automatisée|decisiones automatizadas",
    ),
    (
        Part::Sale,
        r"(?:do not|don't|don’t|never|not|nor) (?:\w+ ){0,2}(?:sell|sold|rent)|sell or share|selling (?:or sharing )?(?:of )?(?:your )?personal|sale of (?:your )?personal|\bccpa\b|\bcpra\b|california",
    ),
];

/// Each right; a text that names at least three of them speaks of people's rights.
const RIGHTS: &[&str] = &[
    r"\baccess\b|auskunft|droit d'accès|acceso|accesso|inzage",
    r"rectif|\bcorrect|\bupdate\b|berichtigung|rettifica",
    r"\beras|\bdelet|löschung|effacement|supresión|cancellazione|verwijder",
    r"\brestrict|einschränkung|limitation|limitación|limitazione",
    r"\bobject\b|objection|widerspruch|opposition|oposición|opposizione|bezwaar",
    r"portab|machine[- ]readable|\bexport\b|übertragbarkeit|overdraagbaarheid",
];

static COMPILED: LazyLock<Vec<(Part, Regex)>> = LazyLock::new(|| {
    WORDS.iter().filter_map(|(part, words)| Regex::new(words).ok().map(|regex| (*part, regex))).collect()
});
static RIGHT: LazyLock<Vec<Regex>> =
    LazyLock::new(|| RIGHTS.iter().filter_map(|words| Regex::new(words).ok()).collect());

/// How many lines after a sentence on rights may list them.
const LIST: usize = 25;

/// The parts of a text, each with its first place.
pub fn parts(lines: &[(Location, String)]) -> Vec<PolicyPart> {
    let lower: Vec<String> = lines.iter().map(|(_, line)| line.to_lowercase()).collect();
    let mut found = Vec::new();
    for (part, words) in COMPILED.iter() {
        let place = lower.iter().position(|line| {
            words.is_match(line) && !(*part == Part::Contact && super::placeholder::is_example_address(line))
        });
        if let Some(at) = place {
            found.push(PolicyPart { part: *part, at: lines[at].0.clone() });
        }
    }
    if let Some(at) = rights(&lower) {
        found.push(PolicyPart { part: Part::Rights, at: lines[at].0.clone() });
    }
    found.sort_by_key(|part| part.part);
    found
}

/// Where rights begin to be listed.
fn rights(lower: &[String]) -> Option<usize> {
    let about = |line: &str| {
        line.contains("right")
            || line.contains("rechte")
            || line.contains("recht ")
            || line.contains("droit")
            || line.contains("derecho")
            || line.contains("diritt")
            || line.contains("you can")
            || line.contains("you may")
    };
    let starts: Vec<usize> = (0..lower.len()).filter(|index| about(&lower[*index])).take(200).collect();
    starts.into_iter().find(|start| {
        let end = (start + LIST).min(lower.len());
        RIGHT.iter().filter(|right| lower[*start..end].iter().any(|line| right.is_match(line))).count() >= 3
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<Part> {
        let lines: Vec<_> = (1u32..)
            .zip(text.lines())
            .map(|(n, line)| (Location::line("p.md", n), line.to_owned()))
            .collect();
        parts(&lines).into_iter().map(|part| part.part).collect()
    }

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(COMPILED.len(), WORDS.len());
        assert_eq!(RIGHT.len(), RIGHTS.len());
    }

    #[test]
    fn a_full_policy_has_its_parts() {
        let parts = found(
            "Controller: Example Ltd, 1 Harbour Road, data@harbour.io\nWe use your data to run the account.\n\
             The legal basis is the contract.\nStripe is our processor for payment.\nWe keep it for 30 days.\n\
             You have the right of access, rectification, erasure and portability.\n\
             You can complain to a supervisory authority.\nWe do not sell it.",
        );
        for part in [
            Part::Controller,
            Part::Contact,
            Part::Purposes,
            Part::LegalBasis,
            Part::Recipients,
            Part::Retention,
            Part::Rights,
            Part::Complaint,
            Part::Sale,
        ] {
            assert!(parts.contains(&part), "{part:?} in {parts:?}");
        }
        assert!(!parts.contains(&Part::Officer));
    }

    #[test]
    fn a_german_policy_is_read_as_well() {
        let parts = found(
            "Verantwortlicher ist die Hafen GmbH, post@hafen.de\nZweck der Verarbeitung ist das Konto.\n\
             Rechtsgrundlage ist Art. 6 Abs. 1 lit. b DSGVO.\nEmpfänger sind unsere Auftragsverarbeiter.\n\
             Die Speicherdauer beträgt 30 Tage.\nSie haben das Recht auf Auskunft, Berichtigung und Löschung.\n\
             Beschwerde bei der Aufsichtsbehörde.",
        );
        assert_eq!(parts.len(), 8, "{parts:?}");
    }

    #[test]
    fn friendly_words_are_no_parts() {
        assert!(found("We value your privacy.\nYour trust matters to us.").is_empty());
        assert!(found("Questions: privacy@yourcompany.com").is_empty());
        assert!(
            !found("Your address is stored on our servers and passed on within the hour.")
                .contains(&Part::Retention)
        );
        assert!(
            found("We delete account information within 90 days of cancellation.").contains(&Part::Retention)
        );
    }
}
