//! `${{ … }}` in texts, replaced where the file itself tells the value.

use crate::pipelines::condition::{Names, Val, value};

/// What one file tells: inputs that were handed in, variables, and one combination of the matrix.
#[derive(Debug, Clone, Default)]
pub struct Known<'a> {
    /// Inputs of the reusable workflow or composite action, name to value; none where nobody hands any in.
    pub inputs: Option<&'a [(String, String)]>,
    /// Variables.
    pub env: &'a [(String, String)],
    /// A combination of the matrix.
    pub combination: Option<&'a [(String, String)]>,
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// A literal value, or nothing known where it is an expression itself.
fn literal(value: &str) -> Val {
    match value {
        _ if value.contains("${{") => Val::Unknown,
        "true" => Val::Bool(true),
        "false" => Val::Bool(false),
        _ => Val::Text(value.to_owned()),
    }
}

impl Names for Known<'_> {
    fn value(&self, name: &str) -> Val {
        let known = if let Some(input) = name.strip_prefix("inputs.") {
            self.inputs.and_then(|inputs| find(inputs, input))
        } else if let Some(variable) = name.strip_prefix("env.") {
            find(self.env, variable)
        } else if let Some(axis) = name.strip_prefix("matrix.") {
            match self.combination {
                // An axis that this combination does not have is empty.
                Some(combination) => return find(combination, axis).map_or(Val::Null, literal),
                None => None,
            }
        } else {
            None
        };
        known.map_or(Val::Unknown, literal)
    }

    fn is_default_branch(&self, _: &str) -> Option<bool> {
        None
    }
}

impl Known<'_> {
    /// The text with what is known put in; the rest stays as it is written.
    pub fn put_in(&self, text: &str) -> String {
        let mut result = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("${{") {
            let Some(length) = rest[start..].find("}}") else { break };
            let end = start + length + 2;
            result.push_str(&rest[..start]);
            match value(&rest[start + 3..end - 2], self) {
                Val::Text(text) => result.push_str(&text),
                Val::Bool(truth) => result.push_str(if truth { "true" } else { "false" }),
                _ => result.push_str(&rest[start..end]),
            }
            rest = &rest[end..];
        }
        result.push_str(rest);
        result
    }

    /// A condition with the inputs put in as literals, so that it can be read apart from its file.
    pub fn bind_inputs(&self, condition: &str) -> String {
        let Some(inputs) = self.inputs else { return condition.to_owned() };
        let mut result = String::new();
        let mut rest = condition;
        while let Some(start) = rest.find("inputs.") {
            let name_start = start + "inputs.".len();
            let length = rest[name_start..]
                .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-')))
                .unwrap_or(rest.len() - name_start);
            let end = name_start + length;
            let own_word =
                !rest[..start].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'));
            result.push_str(&rest[..start]);
            match find(inputs, &rest[name_start..end]) {
                Some("true") if own_word => result.push_str("true"),
                Some("false") if own_word => result.push_str("false"),
                Some(value) if own_word && !value.contains(['\'', '$']) => {
                    result.push('\'');
                    result.push_str(value);
                    result.push('\'');
                }
                _ => result.push_str(&rest[start..end]),
            }
            rest = &rest[end..];
        }
        result.push_str(rest);
        result
    }
}

/// Shell text with the variables of the CI file put in, where their values are plain words and the text does not set
/// them itself: so that `npm run $TASK` can be followed.
pub fn put_in_variables(text: &str, env: &[(String, String)]) -> String {
    let mut text = text.to_owned();
    for (name, value) in env {
        let plain = !value.is_empty()
            && value.len() < 100
            && value
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | ':' | '@' | '-'));
        let word = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !plain || !word || !text.contains(name.as_str()) || text.contains(&format!("{name}=")) {
            continue;
        }
        text = text.replace(&format!("${{{name}}}"), value);
        let wanted = format!("${name}");
        let mut result = String::new();
        let mut rest = text.as_str();
        while let Some(start) = rest.find(&wanted) {
            let end = start + wanted.len();
            let whole = !rest[end..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
            result.push_str(&rest[..start]);
            result.push_str(if whole { value } else { &wanted });
            rest = &rest[end..];
        }
        result.push_str(rest);
        text = result;
        // Hostile values could make it grow without end.
        if text.len() > 1_000_000 {
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn known_values_go_in_and_others_stay() {
        let (inputs, env) = (pairs(&[("task", "lint")]), pairs(&[("A", "x"), ("B", "${{ github.sha }}")]));
        let combination = pairs(&[("app", "web")]);
        let known = Known { inputs: Some(&inputs), env: &env, combination: Some(&combination) };
        assert_eq!(
            known
                .put_in("${{ inputs.task }} ${{matrix.app}} ${{ env.A }} ${{ env.B }} ${{ github.sha }} ${{"),
            "lint web x ${{ env.B }} ${{ github.sha }} ${{"
        );
        assert_eq!(known.put_in("${{ inputs.other || 'all' }}"), "${{ inputs.other || 'all' }}");
        assert_eq!(known.put_in("${{ matrix.none || 'all' }}"), "all");
        assert_eq!(
            known.bind_inputs("inputs.task == 'test' && x.inputs.task"),
            "'lint' == 'test' && x.inputs.task"
        );
    }

    #[test]
    fn variables_in_shell_text() {
        let env = pairs(&[("TASK", "unit"), ("TASKS", "many"), ("SPACED", "a b")]);
        assert_eq!(
            put_in_variables("run $TASK ${TASKS} $TASKSET $SPACED", &env),
            "run unit many $TASKSET $SPACED"
        );
        assert_eq!(put_in_variables("TASK=x; run $TASK", &env), "TASK=x; run $TASK");
    }
}
