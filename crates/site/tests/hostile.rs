//! Servers that answer with malice: each gives a clear line, in bounded time and memory.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use seaworthy_facts::{Asked, PlainEnd, Site};
use seaworthy_site::http::{Answer, Client, Cut, Failure, Limits, Names, Request};
use seaworthy_site::tls::{self, Options};
use seaworthy_site::{Budget, Input, Target, collect};
use url::Url;

/// A server that hands each connection to `answer` after it has read the head of the request.
fn serve(answer: impl Fn(&mut TcpStream, &str) + Send + Sync + 'static) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(AtomicUsize::new(0));
    let (answer, count) = (Arc::new(answer), Arc::clone(&asked));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            count.fetch_add(1, Ordering::SeqCst);
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || {
                let mut stream = stream;
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
                    head.push(byte[0]);
                }
                answer(&mut stream, &String::from_utf8_lossy(&head));
            });
        }
    });
    (port, asked)
}

fn limits() -> Limits {
    Limits { time: Duration::from_secs(1), wire: 300_000, plain: 500_000, ..Limits::default() }
}

fn send(url: &str) -> Result<Answer, Failure> {
    let client = Client::new(Names::default(), limits(), true).unwrap();
    client.send(&Request::get(&Url::parse(url).unwrap()), &Budget::new(1, Duration::ZERO))
}

fn ask(answer: impl Fn(&mut TcpStream, &str) + Send + Sync + 'static) -> Result<Answer, Failure> {
    send(&format!("http://127.0.0.1:{}/", serve(answer).0))
}

fn probe(addresses: &[String]) -> Site {
    let targets = addresses.iter().map(|text| Target::read(text, &[], &[]).unwrap()).collect();
    collect(&Input {
        targets,
        probe_errors: false,
        ca_file: None,
        requests: 60,
        timeout: Duration::from_secs(2),
        browser: false,
        browser_arguments: Vec::new(),
    })
}

fn repeat(stream: &mut TcpStream, bytes: &[u8], pause: Duration) {
    while stream.write_all(bytes).is_ok() {
        std::thread::sleep(pause);
    }
}

#[test]
fn bodies_without_end_stop_at_the_cap() {
    let plain = ask(|stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        repeat(stream, &[b'a'; 8192], Duration::ZERO);
    })
    .unwrap();
    assert_eq!((plain.status, plain.body.len(), plain.cut), (200, 300_000, Some(Cut::Wire(300_000))));
    let chunked = ask(|stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        repeat(stream, &b"1\r\na\r\n".repeat(1000), Duration::ZERO);
    })
    .unwrap();
    assert_eq!(chunked.cut, Some(Cut::Wire(300_000)));
}

#[test]
fn one_byte_at_a_time_ends_at_the_deadline() {
    let slow = Duration::from_millis(50);
    let head = ask(move |stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nA: ");
        repeat(stream, b"b", slow);
    });
    assert_eq!(head.unwrap_err(), Failure::Timeout(1));
    let body = ask(move |stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
        repeat(stream, b"b", slow);
    });
    assert_eq!(body.unwrap().cut, Some(Cut::Time(1)));
    let silent = ask(|_, _| std::thread::sleep(Duration::from_secs(60)));
    assert_eq!(silent.unwrap_err().to_string(), "no answer within 1 s");
    let (port, _) = serve(move |stream, _| repeat(stream, b"\x16", slow));
    // The server waits for a request and the client for a handshake: the deadline is over that, too.
    assert!(matches!(
        send(&format!("https://127.0.0.1:{port}/")).unwrap_err(),
        Failure::Timeout(1) | Failure::Tls(_)
    ));
}

#[test]
fn a_compression_bomb_stops_at_the_cap() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..200 {
        encoder.write_all(&[0; 1_000_000]).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 250_000);
    let answer = ask(move |stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");
        let _ = stream.write_all(&bomb);
    })
    .unwrap();
    assert_eq!((answer.body.len(), answer.cut), (500_000, Some(Cut::Plain(500_000))));
}

#[test]
fn heads_are_bounded() {
    let endless = ask(|stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 ");
        repeat(stream, &[b'a'; 8192], Duration::ZERO);
    });
    assert_eq!(endless.unwrap_err(), Failure::HeadTooLarge(256 * 1024));
    let cookies = ask(|stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        for number in 0..100_000 {
            if stream.write_all(format!("Set-Cookie: name{number}=value{number}\r\n").as_bytes()).is_err() {
                return;
            }
        }
        let _ = stream.write_all(b"\r\nbody");
    })
    .unwrap();
    assert_eq!((cookies.status, cookies.headers.len(), cookies.cut), (200, 500, Some(Cut::Head(256 * 1024))));
    assert!(cookies.left_out > 5000);
}

#[test]
fn what_is_no_answer_is_told_in_a_sentence() {
    let garbage = ask(|stream, _| {
        let _ = stream.write_all(b"220 mail.example ESMTP\r\n");
    });
    assert_eq!(
        garbage.unwrap_err().to_string(),
        "the answer is no HTTP: \u{201c}220 mail.example ESMTP\\r\\n\u{201d}"
    );
    let nothing = ask(|_, _| {});
    assert_eq!(nothing.unwrap_err(), Failure::CutOff);
    let (port, _) = serve(|stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    drop(TcpStream::connect(("127.0.0.1", port)).unwrap());
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let refused = send(&format!("http://127.0.0.1:{closed}/")).unwrap_err();
    assert_eq!(refused, Failure::Refused(format!("127.0.0.1:{closed}")));
    let nowhere = send("http://nothing-there.invalid/").unwrap_err();
    assert!(matches!(nowhere, Failure::NoSuchHost(_) | Failure::Timeout(_)), "{nowhere}");
}

#[test]
fn a_name_that_turns_out_private_is_not_asked() {
    let (port, asked) = serve(|_, _| {});
    let names = Names::with([("public.example".to_owned(), vec![[127, 0, 0, 1].into()])]);
    let client = Client::new(names, limits(), false).unwrap();
    let url = Url::parse(&format!("http://public.example:{port}/")).unwrap();
    let failure = client.send(&Request::get(&url), &Budget::new(1, Duration::ZERO)).unwrap_err();
    assert_eq!(failure, Failure::PrivateAddress("public.example".to_owned()));
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[test]
fn redirects_lead_nowhere_else() {
    let (inside, asked) = serve(|stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nsecret");
    });
    for to in [
        "file:///etc/passwd".to_owned(),
        format!("http://127.0.0.1:{inside}/"),
        "http://169.254.169.254/".to_owned(),
    ] {
        let location = to.clone();
        let (port, _) = serve(move |stream, _| {
            let _ = write!(stream, "HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        });
        let site = probe(&[format!("http://127.0.0.1:{port}")]);
        assert_eq!(site.origins[0].plain[0].end, PlainEnd::Elsewhere(to.clone()), "{to}");
        assert!(
            site.remarks.iter().any(|remark| remark.contains(&to) && remark.contains("not followed")),
            "{:?}",
            site.remarks
        );
    }
    let (port, _) = serve(move |stream, _| {
        let page = format!(
            "<a href='http://127.0.0.1:{inside}/privacy'>Privacy</a><script src='http://127.0.0.1:{inside}/a.js'></script>\
             <a href='//127.0.0.1:{inside}/b'>b</a><link rel=stylesheet href='http://user@127.0.0.1:{inside}/c.css'>"
        );
        let _ = write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}",
            page.len()
        );
    });
    let site = probe(&[format!("http://127.0.0.1:{port}")]);
    assert_eq!((site.origins[0].legal[0].status, site.origins[0].assets.len()), (None, 0));
    assert_eq!(asked.load(Ordering::SeqCst), 0, "another port is another place");
}

#[test]
fn a_circle_of_redirects_ends() {
    let (port, _) = serve(|stream, head| {
        let to = if head.starts_with("GET /one") { "/two" } else { "/one" };
        let _ = write!(stream, "HTTP/1.1 301 Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
    });
    let site = probe(&[format!("http://127.0.0.1:{port}")]);
    assert_eq!(site.origins[0].plain[0].end, PlainEnd::Loop);
    assert!(site.remarks.iter().any(|remark| remark.contains("circle")), "{:?}", site.remarks);
    assert!(site.requests <= 60);
}

#[test]
fn dead_addresses_are_absences_in_the_order_of_the_names() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (mail, _) = serve(|stream, _| {
        let _ = stream.write_all(b"220 mail.example ESMTP\r\n");
    });
    let (alive, _) = serve(|stream, _| {
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: a=s3cr3t\r\n\r\n<p>hello");
    });
    let site = probe(&[
        format!("http://127.0.0.1:{closed}"),
        format!("http://127.0.0.1:{mail}"),
        format!("http://127.0.0.1:{alive}"),
    ]);
    let why = |at: usize| site.origins[at].unreached.as_ref().map(|absent| absent.why.clone());
    assert!(why(0).unwrap().ends_with("refuses connections"), "{:?}", why(0));
    assert!(why(1).unwrap().contains("no HTTP"), "{:?}", why(1));
    assert_eq!(why(2), None);
    assert!(!serde_json::to_string(&site).unwrap().contains("s3cr3t"));
}

#[test]
fn a_site_that_is_slow_or_unwilling_is_left_alone() {
    let (port, _) = serve(|stream, head| {
        if head.starts_with("GET / ") {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>hello");
        } else {
            let _ = stream.write_all(b"HTTP/1.1 429 Too Many Requests\r\n\r\n");
        }
    });
    let site = probe(&[format!("http://127.0.0.1:{port}")]);
    let unwilling = site.origins[0].exchanges.iter().filter(|exchange| exchange.status == 429).count();
    assert!(unwilling <= 4 && site.requests < 16, "{unwilling} {}", site.requests);
    assert!(site.remarks.iter().any(|remark| remark.contains("too many requests")), "{:?}", site.remarks);
}

#[test]
fn a_page_about_errors_leaks_nothing() {
    let (port, _) = serve(|stream, _| {
        let page = "<pre>Traceback (most recent call last):\n  File \"/srv/app/main.py\", line 1, in f</pre>";
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{page}");
    });
    let site = probe(&[format!("http://127.0.0.1:{port}")]);
    assert!(site.origins[0].exchanges.len() > 10);
    assert!(site.origins[0].exchanges.iter().all(|exchange| exchange.leaks.is_empty()));
}

#[test]
fn silence_to_what_is_wrong_on_purpose_is_not_waited_for_again_and_again() {
    let (port, asked) = serve(|stream, head| {
        if head.starts_with("GET ") {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>hello");
        } else {
            std::thread::sleep(Duration::from_secs(60));
        }
    });
    let site = probe(&[format!("http://127.0.0.1:{port}")]);
    let silent = site.remarks.iter().filter(|remark| remark.contains("no answer within 2 s")).count();
    // One PROPFIND and one POST; what is asked with GET goes on.
    assert_eq!(silent, 2, "{:?}", site.remarks);
    let kinds = |kind| site.origins[0].of(kind).count();
    assert_eq!((kinds(Asked::WrongMethod), kinds(Asked::MalformedJson)), (0, 0));
    assert!(kinds(Asked::InvalidEncoding) == 5 && kinds(Asked::OversizedQuery) == 2);
    assert!(asked.load(Ordering::SeqCst) < 60);
}

/// A server that serves one connection at a time, to its end, answers everything that is asked of it all the same.
#[test]
fn one_connection_at_a_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
                head.push(byte[0]);
            }
            let _ = stream.write_all(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 8\r\n\r\n<p>hello",
            );
            // Until the other side closes.
            while stream.read(&mut byte).is_ok_and(|count| count == 1) {}
        }
    });
    let site = probe(&[format!("http://127.0.0.1:{port}")]);
    assert_eq!(site.origins[0].unreached, None);
    assert!(site.remarks.iter().all(|remark| !remark.contains("no answer")), "{:?}", site.remarks);
    assert_eq!(site.origins[0].durations_ms.len(), 5);
}

#[test]
fn garbage_instead_of_tls_is_told_in_a_sentence() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut state = 1_u32;
        for mut stream in listener.incoming().flatten() {
            let mut noise = [0; 4096];
            for byte in &mut noise {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *byte = (state >> 24) as u8;
            }
            // Not what a handshake begins with.
            noise[0] = 0xff;
            let _ = stream.write_all(&noise);
            let _ = stream.read(&mut [0; 1024]);
        }
    });
    let address = format!("https://127.0.0.1:{port}");
    let site = probe(std::slice::from_ref(&address));
    let why = &site.origins[0].unreached.as_ref().unwrap().why;
    assert!(why.starts_with(&format!("{address}: ")) && why.contains("TLS"), "{why}");
    let options = Options { ca_file: None, timeout: Duration::from_secs(2) };
    let target = Target::read(&address, &[], &[]).unwrap();
    let tls = tls::collect(&[target], &options, &Budget::new(60, Duration::ZERO));
    let why = &tls.endpoints[0].unreached.as_ref().unwrap().why;
    assert!(why.contains("TLS") && tls.handshakes < 20, "{why} {}", tls.handshakes);
}

#[test]
fn a_bomb_of_brotli_stops_at_the_cap() {
    let zeros = vec![0; 50_000_000];
    let mut bomb = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 5, ..Default::default() };
    brotli::BrotliCompress(&mut zeros.as_slice(), &mut bomb, &parameters).unwrap();
    assert!(bomb.len() < 100_000);
    let answer = ask(move |stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n");
        let _ = stream.write_all(&bomb);
    })
    .unwrap();
    assert_eq!((answer.body.len(), answer.cut), (500_000, Some(Cut::Plain(500_000))));
}
