//! Scripts, styles, fonts and images as they are served.

use seaworthy_facts::{Asked, ServedAsset};
use url::Url;

use crate::crawl::html::Kind;
use crate::http::{Answer, Request};
use crate::probe::Probe;
use crate::record;
use crate::{minify, redact};

/// How many of each kind are fetched.
const EACH: &[(Kind, usize)] = &[(Kind::Script, 8), (Kind::Style, 5), (Kind::Image, 3), (Kind::Font, 2)];
/// How many are asked again with a condition.
const CONDITIONAL: usize = 4;
/// Larger ones are not compressed and minified here.
const TRIED: usize = 2 * 1024 * 1024;

/// Fetches what pages load, and gives the style sheets' text for a look at what they load themselves.
pub fn fetch(probe: &mut Probe<'_>, loads: &[(Url, Kind)]) -> (Vec<ServedAsset>, Vec<(Url, String)>) {
    let mut assets = Vec::new();
    let mut sheets = Vec::new();
    let mut asked_again = 0;
    for (kind, most) in EACH {
        let mut seen: Vec<&Url> = Vec::new();
        let mut told = false;
        for (url, _) in loads.iter().filter(|(_, of)| of == kind) {
            if seen.contains(&url) || !probe.is_here(url) {
                continue;
            }
            if seen.len() >= *most {
                break;
            }
            seen.push(url);
            let request = Request::get(url);
            let answer = match probe.send(&request) {
                Ok(answer) => answer,
                Err(failure) => {
                    probe.failed(kind.word(), &request, &failure);
                    continue;
                }
            };
            if !told {
                probe.exchanges.push(record::exchange(Asked::Asset, &request, &answer));
                told = true;
            }
            if answer.status != 200 {
                probe.remark(format!(
                    "{url}: a page loads this {}, and it answers with {}",
                    kind.word(),
                    answer.status
                ));
                continue;
            }
            // A page for people instead of a script is the fallback of a site with one page.
            if answer.is_html() || answer.broken {
                continue;
            }
            let mut asset = measure(url, *kind, &answer);
            if asset.validator && asked_again < CONDITIONAL {
                asked_again += 1;
                asset.revalidates = again(probe, url, &answer);
            }
            if *kind == Kind::Style {
                sheets.push((url.clone(), answer.text().into_owned()));
            }
            assets.push(asset);
        }
    }
    (assets, sheets)
}

fn measure(url: &Url, kind: Kind, answer: &Answer) -> ServedAsset {
    let text = matches!(kind, Kind::Script | Kind::Style);
    let tried = text && !answer.body.is_empty() && answer.cut.is_none() && answer.body.len() <= TRIED;
    let joined: Vec<String> = answer.header("cache-control").collect();
    ServedAsset {
        url: redact::secrets(url.as_str()),
        kind: kind.word().to_owned(),
        bytes: answer.wire as u64,
        plain_bytes: answer.body.len() as u64,
        encoding: answer.encoding().map(|encoding| redact::line(&encoding, 60)),
        compressed_bytes: tried.then(|| compressed(&answer.body)).flatten(),
        minified_bytes: tried.then(|| minify::size(&answer.text(), kind == Kind::Script) as u64),
        cache_control: (!joined.is_empty()).then(|| redact::line(&joined.join(", "), 300)),
        fingerprinted: is_fingerprinted(url),
        validator: answer.header("etag").next().is_some() || answer.header("last-modified").next().is_some(),
        revalidates: None,
    }
}

/// Bytes after brotli at a level that servers use for what they compress once.
fn compressed(body: &[u8]) -> Option<u64> {
    let parameters = brotli::enc::BrotliEncoderParams { quality: 9, ..Default::default() };
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut &*body, &mut out, &parameters).ok()?;
    Some(out.len() as u64)
}

fn again(probe: &Probe<'_>, url: &Url, answer: &Answer) -> Option<bool> {
    let mut request = Request::get(url);
    if let Some((_, tag)) = answer.headers.iter().find(|(name, _)| name == "etag") {
        request = request.header("If-None-Match", tag.clone());
    } else if let Some((_, date)) = answer.headers.iter().find(|(name, _)| name == "last-modified") {
        request = request.header("If-Modified-Since", date.clone());
    }
    probe.send(&request).ok().map(|second| second.status == 304)
}

/// Whether the name carries a fingerprint of the content, as bundlers write it: `app.3f9a1c2b.js`, `index-DkX2bPqT.css`.
fn is_fingerprinted(url: &Url) -> bool {
    let Some(name) = url.path_segments().and_then(|mut parts| parts.next_back()) else { return false };
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let tail: String = stem.chars().rev().take(8).collect::<Vec<_>>().into_iter().rev().collect();
    let before = stem.len().checked_sub(9).and_then(|at| stem.as_bytes().get(at));
    // Rollup and Vite: eight characters of base64url, which may have `-` and `_` among them, after a `-` or `.`.
    let mixed = matches!(before, Some(b'-' | b'.'))
        && tail.len() == 8
        && tail.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        && tail.bytes().filter(u8::is_ascii_uppercase).count() >= 2
        && tail.bytes().any(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        && !tail.bytes().skip(1).all(|byte| byte.is_ascii_lowercase());
    // Next.js puts the name of the build into the path.
    let build = url.path_segments().into_iter().flatten().any(|part| {
        part != name
            && part.len() >= 16
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            && part.bytes().any(|byte| byte.is_ascii_digit())
            && part.bytes().any(|byte| byte.is_ascii_uppercase())
            && part.bytes().any(|byte| byte.is_ascii_lowercase())
    });
    mixed
        || build
        || stem.split(['.', '-', '_', '~']).any(|part| {
            let digits = part.bytes().filter(u8::is_ascii_digit).count();
            let letters = part.bytes().filter(u8::is_ascii_alphabetic).count();
            part.len() >= 8 && digits + letters == part.len() && digits >= 1 && letters >= 1 && {
                let hex = part.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase());
                hex || digits >= 2 && part.len() >= 16
            }
        })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_of_bundlers() {
        let told =
            |name: &str| is_fingerprinted(&Url::parse(&format!("https://a.example/x/{name}?v=1")).unwrap());
        for name in [
            "main.3f9a1c2b.js",
            "index-DkX2bPqT.js",
            "application-4b1f9c0de8d4a1f7b8e3f5d2c1a0b9e8f7d6c5b4a3928171605f4e3d2c1b0a99.css",
            "117-8f3e1a2b3c4d5e6f.js",
            "vendor.9f86d081884c7d65.chunk.js",
            "jWA-M02Z1zwh37eM1sV0P/_buildManifest.js",
        ] {
            assert!(told(name), "{name}");
        }
        for name in [
            "app.js",
            "bootstrap.min.css",
            "jquery-3.7.1.min.js",
            "GoogleMaps.js",
            "material-design-icons.css",
            "20240101.js",
        ] {
            assert!(!told(name), "{name}");
        }
    }
}
