//! A real browser visits pages that this test serves. Needs Chromium (Debian: `chromium`).
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use seaworthy_facts::{Browser, Visit};
use seaworthy_site::{Input, Target, browser};

/// Serves pages by path on a free port until the test ends.
fn serve(pages: &'static [(&'static str, &'static str, &'static [u8])]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut line = String::new();
                let _ = reader.read_line(&mut line);
                let mut header = String::new();
                while reader.read_line(&mut header).is_ok_and(|read| read > 2) {
                    header.clear();
                }
                let path = line.split(' ').nth(1).unwrap_or("/").split('?').next().unwrap().to_owned();
                let found = pages.iter().find(|(known, ..)| *known == path);
                let mut stream = stream;
                let (status, kind, body) = found
                    .map_or(("404 Not Found", "text/plain", &b"no"[..]), |(_, kind, body)| {
                        ("200 OK", kind, body)
                    });
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nSet-Cookie: shop_session=x; Path=/\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all(body);
            });
        }
    });
    address
}

fn visit(pages: &'static [(&'static str, &'static str, &'static [u8])]) -> Visit {
    let address = serve(pages);
    assert!(
        browser::installed().is_some(),
        "no Chromium: install the package `chromium`, or name the program in CHROMIUM"
    );
    let input = Input {
        targets: vec![Target::read(&format!("http://{address}"), &[], &[]).unwrap()],
        probe_errors: false,
        ca_file: None,
        requests: 10,
        timeout: Duration::from_secs(10),
        browser: true,
        // Hosts of trackers lead back to this test; nothing else is reached.
        browser_arguments: vec![format!(
            "--host-resolver-rules=MAP www.google-analytics.com:80 {address}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        )],
    };
    let seen: Browser = *match browser::collect(&input, || ()) {
        seaworthy_facts::Collected::Found(seen) => seen,
        seaworthy_facts::Collected::Absent(absent) => panic!("{}", absent.why),
    };
    assert!(seen.problems.is_empty(), "{:?}", seen.problems);
    seen.visits.into_iter().next().unwrap()
}

const FOLLOW: &str =
    "fetch('http://www.google-analytics.com/collect').catch(() => {}); document.cookie = '_ga=GA1.1.1';";

#[test]
fn a_dialogue_that_keeps_its_promise() {
    let page = Box::leak(
        format!(
            "<!doctype html><title>Shop</title><p>Goods <a href='/privacy'>Privacy policy</a></p>
             <div id=box><p>We use cookies.</p><button id=yes>Accept all</button><button id=no>Reject all</button></div>
             <script>
             const follow = () => {{ {FOLLOW} }};
             const answer = localStorage.getItem('cookie-consent');
             if (answer) box.remove();
             if (answer === 'yes') follow();
             yes.onclick = () => {{ localStorage.setItem('cookie-consent', 'yes'); box.remove(); follow(); }};
             no.onclick = () => {{ localStorage.setItem('cookie-consent', 'no'); box.remove(); }};
             </script>"
        )
        .into_boxed_str(),
    );
    let pages = Box::leak(Box::new([("/", "text/html", page.as_bytes())]));
    let visit = visit(pages);
    assert!(
        visit.before.trackers.is_empty() && visit.before.tracking_cookies.is_empty(),
        "{:?}",
        visit.before
    );
    assert_eq!(visit.before.essential_cookies[0].name, "shop_session");
    let reject = visit.after_reject.expect("the button that refuses");
    assert!(reject.trackers.is_empty() && reject.tracking_cookies.is_empty(), "{reject:?}");
    let accept = visit.after_accept.expect("the button that agrees");
    assert_eq!(accept.trackers[0].of, "Google Analytics");
    assert_eq!(accept.tracking_cookies[0].name, "_ga");
    assert!(visit.links.iter().any(|link| link.text == "Privacy policy"));
}

#[test]
fn a_page_that_follows_at_once() {
    let page = Box::leak(
        format!(
            "<!doctype html><meta http-equiv=Content-Security-Policy content=\"img-src 'none'\"><title>Shop</title>
             <img src=/a.png><script>{FOLLOW} if (!navigator.globalPrivacyControl) localStorage.setItem('mp_1', '1'); \
             setTimeout(() => {{ throw new Error('broken on purpose') }}, 10)</script>"
        )
        .into_boxed_str(),
    );
    let pages = Box::leak(Box::new([("/", "text/html", page.as_bytes())]));
    let visit = visit(pages);
    assert_eq!(visit.before.trackers[0].host, "www.google-analytics.com");
    let names: Vec<&str> = visit.before.tracking_cookies.iter().map(|stored| stored.name.as_str()).collect();
    assert!(names.contains(&"_ga") && names.contains(&"mp_1"), "{names:?}");
    let controlled = visit.with_privacy_control.unwrap();
    assert!(!controlled.tracking_cookies.iter().any(|stored| stored.name == "mp_1"));
    assert!(visit.after_accept.is_none() && visit.after_reject.is_none());
    assert!(
        visit.console_errors.iter().any(|line| line.contains("broken on purpose")),
        "{:?}",
        visit.console_errors
    );
    assert!(!visit.policy_violations.is_empty());
}

#[test]
fn legal_pages_that_only_scripts_show() {
    // A site with one page: the links and the text are made by a script, and the server knows each path.
    const SHELL: &str = "<!doctype html><title>Shop</title><div id=app></div><script>
             const text = 'We keep your orders for ten years because the law says so. '.repeat(12);
             app.innerHTML = location.pathname === '/privacy'
               ? '<h1>Privacy</h1><p>Of 2 January 2026. ' + text + '<a href=\"mailto:me@shop.example\">me@shop.example</a>'
               : '<h1>Goods</h1><a href=\"/privacy\">Privacy policy</a> <a href=\"/terms\">Terms of use</a> \
                  <a href=\"/hidden/terms\">Terms</a> <a href=\"https://other.example/privacy\">Privacy</a>';
             </script>";
    const PAGES: &[(&str, &str, &[u8])] = &[
        ("/", "text/html", SHELL.as_bytes()),
        ("/privacy", "text/html", SHELL.as_bytes()),
        ("/robots.txt", "text/plain", b"User-agent: *\nDisallow: /hidden/\n"),
    ];
    let visit = visit(PAGES);
    let told: Vec<(&str, Option<u16>)> =
        visit.legal.iter().map(|page| (page.kind.as_str(), page.status)).collect();
    assert_eq!(told, [("privacy", Some(200)), ("terms", Some(404))], "{:?}", visit.legal);
    let privacy = &visit.legal[0];
    assert!(privacy.words > 100 && !privacy.scripted, "{privacy:?}");
    assert_eq!(
        (privacy.dated.as_deref(), privacy.contact.as_deref()),
        (Some("2 January 2026"), Some("me@shop.example"))
    );
}

#[test]
fn legal_pages_behind_routes_of_scripts_and_two_clicks_away() {
    // The server knows one page; what follows `#` is the scripts' own. One route leads nowhere.
    const SHELL: &str = "<!doctype html><title>Shop</title><div id=app></div><a href='#app'>Terms</a><script>
             const text = 'We keep your orders for ten years because the law says so. '.repeat(12);
             const routes = {
               '#/': '<h1>Goods</h1><a href=\"#/privacy\">Privacy policy</a> <a href=\"#/no-such-terms\">Terms of use</a> \
                  <a href=\"#/legal\">Legal</a>',
               '#/privacy': '<h1>Privacy</h1><p>Of 2 January 2026. ' + text + ' Write to me@shop.example',
               '#/legal': '<h1>Legal</h1><a href=\"#/legal/terms\">Terms of use</a>',
               '#/legal/terms': '<h1>Terms</h1><p>Of 3 January 2026. ' + text,
             };
             const show = () => { app.innerHTML = routes[location.hash] || routes['#/']; };
             addEventListener('hashchange', show); show();
             </script>";
    const PAGES: &[(&str, &str, &[u8])] = &[("/", "text/html", SHELL.as_bytes())];
    let visit = visit(PAGES);
    let told: Vec<(&str, &str, u8)> = visit
        .legal
        .iter()
        .map(|page| (page.kind.as_str(), page.url.split_once('#').unwrap().1, page.clicks))
        .collect();
    assert_eq!(told, [("privacy", "/privacy", 1), ("terms", "/legal/terms", 2)], "{:?}", visit.legal);
    assert_eq!(visit.legal[0].dated.as_deref(), Some("2 January 2026"));
    assert!(visit.legal.iter().all(|page| page.words > 100 && page.status == Some(200)));
}

/// A picture as cameras take them: soft, with a little noise; in a format that no encoder made smaller.
fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"BM".to_vec();
    let size = 54 + width * height * 3;
    for number in [size, 0, 54, 40, width, height] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend([1, 0, 24, 0]);
    bytes.extend([0; 24]);
    let mut noise = 1_u32;
    for y in 0..height {
        for x in 0..width {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (x, y) = (f64::from(x), f64::from(y));
            let wave = (x / 37.0).sin() * 50.0 + (y / 23.0).cos() * 40.0 + ((x + y) / 11.0).sin() * 20.0;
            let soft = wave + f64::from(noise >> 29) + 120.0;
            bytes.extend([soft, soft * 0.8, soft * 0.6].map(|part| part as u8));
        }
    }
    bytes
}

#[test]
fn pictures_are_encoded_anew_at_the_size_in_which_they_are_shown() {
    let pages = Box::leak(Box::new([
        (
            "/",
            "text/html",
            &b"<!doctype html><img src=/large.bmp width=400 height=300><img src=/small.bmp>"[..],
        ),
        ("/large.bmp", "image/bmp", &*picture(800, 600).leak()),
        ("/small.bmp", "image/bmp", &*picture(40, 30).leak()),
    ]));
    let visit = visit(pages);
    let [large, small] = &visit.images[..] else { panic!("{:?}", visit.images) };
    assert_eq!((large.natural, large.shown, large.bytes > 1_440_000), ((800, 600), (400, 300), true));
    let (webp, avif) = (large.webp_bytes.unwrap(), large.avif_bytes.unwrap());
    assert!(avif > 300 && avif < webp && webp < 60_000, "{large:?}");
    // Nothing to gain.
    assert_eq!(small.avif_bytes, None);
}
