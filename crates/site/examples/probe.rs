//! Probes an address and prints the facts as JSON: `cargo run -p seaworthy-site --example probe -- http://localhost:3000`.

use std::io::Write;
use std::time::Duration;

use seaworthy_site::{Input, Target};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let targets =
        std::env::args().skip(1).map(|text| Target::read(&text, &[], &[])).collect::<Result<Vec<_>, _>>()?;
    let input = Input {
        targets,
        probe_errors: false,
        ca_file: None,
        requests: 150,
        timeout: Duration::from_secs(10),
        browser: false,
    };
    let facts = serde_json::to_string_pretty(&seaworthy_site::collect(&input))?;
    writeln!(std::io::stdout(), "{facts}")?;
    Ok(())
}
