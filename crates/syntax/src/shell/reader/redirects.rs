//! Redirections, heredocs, and what stands behind a heredoc on its line.

use super::{Context, DEPTH_LIMIT, Inner, Part, Reader, fields, named_children};
use crate::shell::{Ignored, Redirect, nested};
use tree_sitter::Node;

/// How much of a heredoc is kept, in bytes.
const HEREDOC_LIMIT: usize = 16 * 1024;

impl Reader<'_> {
    /// Reads a statement with redirections behind it; a heredoc may carry the rest of its line.
    pub(super) fn redirected(&mut self, node: Node<'_>, context: &Context, depth: usize) {
        let parts = fields(node);
        let body = node.child_by_field_name("body");
        let mut before = context.clone();
        let mut after = context.clone();
        let mut continued: Vec<Node<'_>> = Vec::new();
        let mut piped: Vec<Node<'_>> = Vec::new();
        for (_, redirect) in parts.iter().filter(|(_, part)| part.kind() == "heredoc_redirect") {
            let inner = fields(*redirect);
            let operator = inner.iter().find(|(field, _)| *field == Some("operator"));
            for (field, part) in &inner {
                if part.kind() == "pipeline" {
                    piped.extend(named_children(*part));
                } else if *field == Some("right")
                    && let Some(body) = body
                {
                    let is_or = operator.is_some_and(|(_, operator)| operator.kind() == "||");
                    self.connect(is_or, body, *part, &mut before, &mut after);
                    continued.push(*part);
                }
            }
        }
        if !piped.is_empty() && !self.options.pipefail {
            before.ignored = before.ignored.or(Some(Ignored::Pipeline));
        }
        let start = self.script.commands.len();
        if let Some(body) = body {
            self.statement(body, &before, depth);
        }
        self.attach(start, body, &parts, &before, depth);
        let end = self.script.commands.len();
        if !piped.is_empty() {
            self.pipeline(&piped, context, depth);
            self.pipe(start, end);
        }
        self.all(&continued, &after, depth);
    }

    /// Gives redirections to the last command of the statement in front of them.
    fn attach(
        &mut self,
        start: usize,
        body: Option<Node<'_>>,
        parts: &[Part<'_>],
        context: &Context,
        depth: usize,
    ) {
        let redirects: Vec<Node<'_>> = parts
            .iter()
            .filter(|(field, part)| *field != Some("body") && part.is_named())
            .map(|(_, part)| *part)
            .collect();
        let last_body = body.and_then(|body| self.last_command(body));
        let target = last_body.and_then(|body| {
            let position = self.position(body.start_byte());
            let commands = self.script.commands.iter().enumerate().skip(start);
            commands
                .filter(|(_, command)| (command.line, command.column) == position)
                .map(|(at, _)| at)
                .next()
        });
        for redirect in redirects {
            self.redirect(redirect, target, depth);
            self.substitutions(redirect, context, depth);
        }
        if let Some(target) = target {
            self.heredoc_commands(target, parts, context);
        }
    }

    pub(super) fn redirect(&mut self, node: Node<'_>, target: Option<usize>, depth: usize) {
        if depth > DEPTH_LIMIT {
            return;
        }
        let parts = fields(node);
        let mut heredoc = None;
        let mut redirect = None;
        match node.kind() {
            "heredoc_redirect" => {
                for (_, part) in &parts {
                    match part.kind() {
                        "heredoc_body" => heredoc = Some(*part),
                        "file_redirect" | "herestring_redirect" => self.redirect(*part, target, depth + 1),
                        _ => {}
                    }
                }
            }
            "herestring_redirect" => heredoc = parts.last().map(|(_, part)| *part),
            "file_redirect" => {
                let destination = parts.iter().find(|(field, _)| *field == Some("destination"));
                let (operator_end, target) = match destination {
                    Some((_, destination)) => (destination.start_byte(), self.word(*destination)),
                    None => (node.end_byte(), String::new()),
                };
                let operator = self.text.get(node.start_byte()..operator_end).unwrap_or_default();
                redirect = Some(Redirect { operator: operator.trim().to_owned(), target });
            }
            _ => {}
        }
        let is_string = node.kind() == "herestring_redirect";
        let heredoc = heredoc.map(|body| {
            let text = if is_string { self.word(body) } else { self.source(body).to_owned() };
            text[..text.floor_char_boundary(HEREDOC_LIMIT)].to_owned()
        });
        if let Some(command) = target.and_then(|target| self.script.commands.get_mut(target)) {
            command.redirects.extend(redirect);
            command.heredoc = heredoc.or(command.heredoc.take());
        }
    }

    /// Reads a heredoc as commands where a shell is what it is fed to.
    fn heredoc_commands(&mut self, target: usize, parts: &[Part<'_>], context: &Context) {
        let Some(command) = self.script.commands.get(target) else { return };
        let Some(body) = command.heredoc.clone().filter(|_| nested::reads_script(&command.words)) else {
            return;
        };
        let found = parts.iter().filter(|(_, part)| part.kind() == "heredoc_redirect");
        let bodies = found.flat_map(|(_, part)| named_children(*part));
        let start = bodies.filter(|part| part.kind() == "heredoc_body").map(|part| part.start_byte()).next();
        let Some(start) = start else { return };
        let (line, _) = self.position(start);
        let inner = Inner { text: body, options: nested::options_of(&command.words) };
        self.nested(inner, (line, 1), context);
    }
}
