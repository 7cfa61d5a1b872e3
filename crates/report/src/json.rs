use seaworthy_model::Report;

/// The report as JSON, indented, with a newline at its end.
///
/// # Errors
/// When a value cannot be written as JSON.
pub fn json(report: &Report) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    Ok(text)
}
