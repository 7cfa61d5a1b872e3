#![no_main]
//! Pages, style sheets and `robots.txt`.

use libfuzzer_sys::fuzz_target;
use seaworthy_site::legal::{self, Leads};
use seaworthy_site::{html, robots};

fuzz_target!(|text: &str| {
    let page = html::read(text);
    for link in &page.links {
        let _ = legal::leads(link);
    }
    let _ = legal::facts(Leads::Privacy, "https://a.example/", 1, 200, &page);
    let _ = html::style_addresses(text);
    let _ = robots::Robots::read(text).allows(text);
});
