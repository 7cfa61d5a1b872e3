//! Ways to HTTPS that several items ask about.

use seaworthy_facts::{Certainty, Edge, HttpsRedirect, System};

use crate::{Findings, shared};

/// A redirect that is on.
pub fn is_on(redirect: &HttpsRedirect) -> bool {
    !redirect.off && redirect.switch.as_ref().is_none_or(|switch| switch.on == Some(true))
}

/// TLS of a server that comes with its address, where a switch that is off by default decides the address: the words
/// for a reason.
pub fn switched(edge: &Edge) -> String {
    let behind = edge.redirects.iter().find_map(|redirect| {
        let switch = redirect.switch.as_ref().filter(|switch| switch.on == Some(false))?;
        (redirect.by == "Caddy").then_some((redirect, switch))
    });
    behind.map_or_else(String::new, |(redirect, switch)| {
        format!(
            "; {} at {} does so only where `{}` is set, which gives an address in the clear by default",
            redirect.by, redirect.at, switch.name
        )
    })
}

/// What settles it: the platform's name where the repository only hints at one, else the running site.
pub fn settle(findings: &mut Findings, system: &System) {
    let hinted = system.platforms.iter().any(|platform| platform.certainty > Certainty::Configured);
    let sure = system.platforms.iter().any(|platform| platform.certainty <= Certainty::Deployed);
    if hinted && !sure {
        shared::settle::deploy(findings);
    } else {
        shared::settle::url(findings);
    }
}

/// The platforms that are only hinted at, for the reason.
pub fn hints(system: &System) -> String {
    let names: Vec<&str> = system
        .platforms
        .iter()
        .filter(|platform| platform.certainty > Certainty::Configured)
        .map(|platform| platform.key.as_str())
        .take(4)
        .collect();
    if names.is_empty() {
        String::new()
    } else {
        format!("; {} may be where it is deployed, but nothing names it for sure", names.join(" or "))
    }
}

#[cfg(test)]
pub mod tests {
    use seaworthy_facts::*;

    use crate::headers::statements::tests::system;

    /// Facts of a web application at this edge.
    pub fn facts(edge: Edge) -> Facts {
        Facts { system: system().into(), edge: edge.into(), ..Facts::default() }
    }

    /// Facts of a web application on a platform that promises this.
    pub fn on_platform(claim: &str, certainty: Certainty) -> Facts {
        let mut system = system();
        system.platforms.push(Platform {
            key: "vercel".to_owned(),
            at: Location::file("vercel.json"),
            certainty,
            environments: Vec::new(),
            guarantees: vec![Guarantee {
                claim: claim.to_owned(),
                says: "it does".to_owned(),
                link: "https://a.example".to_owned(),
            }],
        });
        Facts { system: system.into(), edge: Edge::default().into(), ..Facts::default() }
    }

    /// A redirect.
    pub fn redirect(permanent: bool) -> HttpsRedirect {
        HttpsRedirect {
            by: "nginx return".to_owned(),
            permanent,
            off: false,
            switch: None,
            at: Location::line("nginx.conf", 4),
        }
    }

    /// What a cookie carries.
    pub fn cookie(secure: Option<bool>, default: bool) -> CookieRule {
        CookieRule { by: "cookie.secure".to_owned(), secure, default, at: Location::line("app.js", 8) }
    }

    /// Nothing answers HTTP.
    pub fn nothing() -> Facts {
        Facts { system: System::default().into(), edge: Edge::default().into(), ..Facts::default() }
    }
}
