//! How a running site serves: caching, compression, speed.

use seaworthy_facts::{Browser, FactView, ServedAsset, ShownImage};
use seaworthy_model::Rung;

use crate::Item;
use crate::live::{Live, Place};

/// The objective for pages and answers with data where none is declared, in milliseconds.
const OBJECTIVE_MS: f64 = 500.0;

/// Fingerprinted assets may be kept for good, the others can be revalidated.
pub fn caching(item: &Item, view: &FactView) -> Live {
    Live::of_sites(view, |origin, live| {
        let (named, plain): (Vec<&ServedAsset>, Vec<&ServedAsset>) =
            origin.assets.iter().partition(|asset| asset.fingerprinted);
        let short: Vec<&&ServedAsset> = named.iter().filter(|asset| !is_long_lived(asset)).collect();
        if let Some(asset) = short.first() {
            let told = asset.cache_control.as_deref().unwrap_or("no Cache-Control");
            let summary = format!(
                "{} of {} fingerprinted assets are not kept for long, such as {} ({told})",
                short.len(),
                named.len(),
                asset.url
            );
            live.contradicts(item, origin.into(), summary);
        }
        // With a validator and no try it is not known what a second request would give.
        let is_anew = |asset: &ServedAsset| !asset.validator || asset.revalidates == Some(false);
        let (tried, untried): (Vec<&ServedAsset>, Vec<&ServedAsset>) = plain
            .into_iter()
            .partition(|asset| is_long_lived(asset) || is_anew(asset) || asset.revalidates == Some(true));
        let anew: Vec<&&ServedAsset> =
            tried.iter().filter(|asset| !is_long_lived(asset) && is_anew(asset)).collect();
        if let Some(asset) = anew.first() {
            let summary = format!(
                "{} of {} assets without a fingerprint are sent anew each time, such as {}",
                anew.len(),
                tried.len(),
                asset.url
            );
            live.contradicts(item, origin.into(), summary);
        }
        if short.is_empty() && anew.is_empty() && !(named.is_empty() && tried.is_empty()) {
            let summary = format!(
                "{} fingerprinted assets are kept for long, {} others are kept or revalidated with 304",
                named.len(),
                tried.len()
            );
            live.supports(item, origin.into(), summary);
        }
        if let Some(asset) = untried.first() {
            let summary = format!(
                "{} more assets without a fingerprint carry a validator and were not asked again, such as {}",
                untried.len(),
                asset.url
            );
            live.note(summary, &origin.url);
        }
    })
}

/// A year is usual; a month is long.
fn is_long_lived(asset: &ServedAsset) -> bool {
    let Some(control) = asset.cache_control.as_deref() else { return false };
    let lower = control.to_ascii_lowercase();
    if lower.contains("no-store") || lower.contains("no-cache") {
        return false;
    }
    lower.contains("immutable")
        || lower
            .split(',')
            .filter_map(|part| part.trim().strip_prefix("max-age="))
            .filter_map(|seconds| seconds.trim().parse::<u64>().ok())
            .any(|seconds| seconds >= 2_592_000)
}

/// Scripts and styles come minified and compressed.
pub fn bundling(item: &Item, view: &FactView) -> Live {
    Live::of_sites(view, |origin, live| {
        let code: Vec<&ServedAsset> =
            origin.assets.iter().filter(|asset| matches!(asset.kind.as_str(), "script" | "style")).collect();
        let mut wasteful = 0;
        let mut minified_all = true;
        for asset in &code {
            // Small answers gain nothing.
            if asset.encoding.is_none() && asset.plain_bytes > 1_500 {
                wasteful += 1;
                let gain = asset.compressed_bytes.map_or(String::new(), |bytes| {
                    format!(", {} bytes would do instead of {}", bytes, asset.plain_bytes)
                });
                live.contradicts(item, origin.into(), format!("{} is not compressed{gain}", asset.url));
            }
            if let Some(minified) = asset.minified_bytes
                && asset.plain_bytes > 4_000
                && minified * 10 < asset.plain_bytes * 8
            {
                wasteful += 1;
                minified_all = false;
                live.contradicts(
                    item,
                    origin.into(),
                    format!(
                        "{} is not minified: {minified} bytes would do instead of {}",
                        asset.url, asset.plain_bytes
                    ),
                );
            }
            if wasteful >= 6 {
                break;
            }
        }
        if wasteful > 0 && minified_all {
            live.remedy("Let the server or proxy compress scripts and styles (gzip, brotli or zstd).");
        }
        if wasteful == 0 && !code.is_empty() {
            let (wire, plain): (u64, u64) =
                code.iter().fold((0, 0), |(w, p), asset| (w + asset.bytes, p + asset.plain_bytes));
            let summary = format!(
                "{} scripts and styles, minified and compressed: {wire} bytes on the wire for {plain}",
                code.len()
            );
            live.supports(item, origin.into(), summary);
        }
    })
}

/// How fast the home page comes: an interval of a few repeats. A handful of requests from one place observes, it does
/// not prove.
pub fn response_times(item: &Item, view: &FactView) -> Live {
    Live::of_sites(view, |origin, live| {
        if origin.durations_ms.len() < 5 {
            return;
        }
        let mut sorted = origin.durations_ms.clone();
        sorted.sort_by(f64::total_cmp);
        let (least, most) = (sorted[0], sorted[sorted.len() - 1]);
        let middle = sorted[sorted.len() / 2];
        let told = format!(
            "{} polite requests of the home page took {least:.0} to {most:.0} ms (median {middle:.0} ms), from here",
            sorted.len()
        );
        if most <= OBJECTIVE_MS {
            let summary = format!("{told}: all within {OBJECTIVE_MS:.0} ms");
            live.supports(item, origin.into(), summary).rung = Rung::Observed;
        } else if least > OBJECTIVE_MS {
            let summary = format!("{told}: none within {OBJECTIVE_MS:.0} ms");
            live.contradicts(item, origin.into(), summary).rung = Rung::Observed;
        } else {
            live.undecided(
                format!("{told}: {OBJECTIVE_MS:.0} ms lie inside, so this decides nothing"),
                &origin.url,
            );
        }
    })
}

/// Images are about as small as they can be at the size in which they are shown. Savings under 50 kB or a half are
/// noise.
pub fn images(item: &Item, view: &FactView) -> Live {
    let mut live = Live::default();
    let Some(browser) = live.fact::<Browser>(view) else { return live };
    for visit in &browser.visits {
        let place = Place { url: &visit.url, environment: visit.environment, at: visit.at };
        let wasteful: Vec<&ShownImage> = visit
            .images
            .iter()
            .filter(|image| {
                anew(image).is_some_and(|(_, anew)| image.bytes > anew * 2 && image.bytes - anew > 50_000)
                    || image.bytes > 500_000
            })
            .collect();
        for image in wasteful.iter().take(6) {
            let would = anew(image).map_or(String::new(), |(format, bytes)| {
                format!("; as {format} at that size {bytes} would do")
            });
            live.contradicts(
                item,
                place,
                format!(
                    "{} is {} bytes and {}×{} pixels, shown at {}×{}{would}",
                    image.url, image.bytes, image.natural.0, image.natural.1, image.shown.0, image.shown.1
                ),
            );
        }
        if visit.images.is_empty() {
            live.undecided("the home page shows no image in a browser", &visit.url);
        }
        if wasteful.is_empty() && !visit.images.is_empty() {
            live.supports(
                item,
                place,
                format!(
                    "{} images of the home page, none much larger than it needs to be",
                    visit.images.len()
                ),
            );
        }
    }
    live
}

/// What the browser made of an image at the size in which it is shown: the smaller one of the formats, and its bytes.
fn anew(image: &ShownImage) -> Option<(&'static str, u64)> {
    [("WebP", image.webp_bytes), ("AVIF", image.avif_bytes)]
        .into_iter()
        .filter_map(|(format, bytes)| Some((format, bytes?)))
        .min_by_key(|(_, bytes)| *bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use seaworthy_facts::{Facts, Origin, Visit};
    use seaworthy_model::{Environment, Status};

    use super::*;
    use crate::live::tests::{origin, probed, report, visit};
    use crate::performance::{bundling, caching, images as items_of_images, response_times};

    fn asset() -> ServedAsset {
        ServedAsset {
            url: "https://app.example/app.4f3c2b1a.js".to_owned(),
            kind: "script".to_owned(),
            bytes: 3_000,
            plain_bytes: 10_000,
            encoding: Some("br".to_owned()),
            compressed_bytes: Some(2_900),
            minified_bytes: Some(9_900),
            cache_control: Some("public, max-age=31536000, immutable".to_owned()),
            fingerprinted: true,
            validator: true,
            revalidates: None,
        }
    }

    fn status(item: &Item, change: impl FnOnce(&mut Origin)) -> Status {
        let mut site = origin(Environment::Production, Vec::new());
        site.assets = vec![asset()];
        change(&mut site);
        report(item, &probed(vec![site])).status
    }

    #[test]
    fn cached() {
        let item = &caching::ITEM;
        assert_eq!(status(item, |_| ()), Status::Pass);
        assert_eq!(status(item, |site| site.assets[0].cache_control = None), Status::Fail);
        assert_eq!(
            status(item, |site| site.assets[0].cache_control = Some("max-age=60".to_owned())),
            Status::Fail
        );
        let revalidated = |answer| ServedAsset {
            fingerprinted: false,
            cache_control: None,
            revalidates: answer,
            ..asset()
        };
        assert_eq!(status(item, |site| site.assets = vec![revalidated(Some(true))]), Status::Pass);
        assert_eq!(status(item, |site| site.assets = vec![revalidated(Some(false))]), Status::Fail);
        // Not asked again is not sent anew.
        let both = vec![revalidated(Some(true)), revalidated(None)];
        assert_eq!(status(item, |site| site.assets = both), Status::Pass);
        assert_eq!(status(item, |site| site.assets = vec![revalidated(None)]), Status::Unknown);
        let bare = ServedAsset { validator: false, ..revalidated(None) };
        assert_eq!(status(item, |site| site.assets = vec![bare]), Status::Fail);
    }

    #[test]
    fn small() {
        let item = &bundling::ITEM;
        assert_eq!(status(item, |_| ()), Status::Pass);
        assert_eq!(status(item, |site| site.assets[0].encoding = None), Status::Fail);
        assert_eq!(status(item, |site| site.assets[0].minified_bytes = Some(6_000)), Status::Fail);
    }

    #[test]
    fn fast() {
        let item = &response_times::ITEM;
        let with = |times: &[f64]| status(item, |site| site.durations_ms = times.to_vec());
        assert_eq!(with(&[80.0, 90.0, 100.0, 95.0, 120.0]), Status::Pass);
        assert_eq!(with(&[800.0, 900.0, 700.0, 950.0, 1200.0]), Status::Fail);
        assert_eq!(with(&[100.0, 900.0, 100.0, 95.0, 120.0]), Status::Unknown);
        assert_eq!(with(&[100.0]), Status::Unknown);
    }

    #[test]
    fn images_fit_their_place() {
        let in_both = |bytes, webp, avif| {
            let image = ShownImage {
                url: "https://app.example/a.jpg".to_owned(),
                bytes,
                media_type: "image/jpeg".to_owned(),
                natural: (2000, 1000),
                shown: (400, 200),
                webp_bytes: webp,
                avif_bytes: avif,
            };
            let visit = Visit { images: vec![image], ..visit() };
            let browser = Browser { visits: vec![visit], ..Browser::default() };
            report(&items_of_images::ITEM, &Facts { browser: browser.into(), ..Facts::default() })
        };
        let with = |bytes, webp| in_both(bytes, webp, None).status;
        assert_eq!(with(20_000, Some(12_000)), Status::Pass);
        assert_eq!(with(200_000, Some(15_000)), Status::Fail);
        assert_eq!(with(600_000, None), Status::Fail);
        // The smaller of both counts.
        assert_eq!(in_both(150_000, Some(80_000), Some(90_000)).status, Status::Pass);
        let better = in_both(150_000, Some(80_000), Some(60_000));
        assert_eq!(better.status, Status::Fail);
        assert!(better.reason.contains("as AVIF at that size 60000 would do"), "{}", better.reason);
    }
}
