use seaworthy_model::{Report, SCHEMA};

use crate::text;

/// The report as JSON, indented, with a newline at its end.
///
/// # Errors
/// When a value cannot be written as JSON.
pub fn json(report: &Report) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(&text::cleaned(report))?;
    text.push('\n');
    Ok(text)
}

/// The report as JSON on one line, with a newline at its end.
///
/// # Errors
/// When a value cannot be written as JSON.
pub fn jsonl(report: &Report) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string(&text::cleaned(report))?;
    text.push('\n');
    Ok(text)
}

/// The JSON Schema of the report's format, indented, with a newline at its end.
///
/// # Errors
/// When a value cannot be written as JSON.
pub fn schema() -> Result<String, serde_json::Error> {
    let mut schema = serde_json::to_value(schemars::schema_for!(Report))?;
    schema["title"] = SCHEMA.into();
    schema["description"] = "A report of Seaworthy on one subject. Readers must ignore properties that they do not \
                             know: a later version of the program may add some under the same name of the format."
        .into();
    schema["properties"]["schema"] = serde_json::json!({
        "description": "The name and version of the report's format.",
        "const": SCHEMA,
    });
    let mut text = serde_json::to_string_pretty(&schema)?;
    text.push('\n');
    Ok(text)
}
