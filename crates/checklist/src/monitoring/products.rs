//! Products that code or configuration uses, as evidence.

use seaworthy_facts::Capabilities;

use crate::Findings;
use crate::parts::Part;

/// Each product of a capability that is in use supports the item; the others explain why it is not met.
pub fn gather(
    findings: &mut Findings,
    part: &Part<'_>,
    capabilities: &Capabilities,
    capability: &str,
    does: &str,
) {
    for product in capabilities.of(capability) {
        if let Some(at) = part.used(product) {
            let link = if product.docs.is_empty() { String::new() } else { format!(" ({})", product.docs) };
            findings.supports(format!("{} {does}{link}", product.name), at);
        }
    }
    if !findings.has_evidence_here() {
        explain_absence(findings, part, capabilities, capability, "");
    }
}

/// Says what is there and does not run: switched off by default, or declared and initialised nowhere.
pub fn explain_absence(
    findings: &mut Findings,
    part: &Part<'_>,
    capabilities: &Capabilities,
    capability: &str,
    otherwise: &str,
) {
    let off = capabilities
        .of(capability)
        .find_map(|product| Some((product, product.off.iter().find(|off| part.holds(&off.at))?)));
    let idle = capabilities
        .of(capability)
        .find_map(|product| Some((product, product.declared.iter().find(|at| part.holds(at))?)));
    if let Some((product, off)) = off {
        findings.because(format!("{} is off by default: {} ({})", product.name, off.value, off.at));
        findings.note(format!("{} is behind {}", product.name, off.value), Some(&off.at));
    } else if let Some((product, at)) = idle {
        findings.because(format!("{} is declared ({at}), but nothing initialises it", product.name));
        findings.note(format!("{} is declared here and initialised nowhere", product.name), Some(at));
    } else if !otherwise.is_empty() {
        findings.because(otherwise);
    }
}
