//! Laravel: PHP classes in `database/migrations`, in order of their file names over all folders of an application.

use std::collections::BTreeMap;

use super::chains::{Chain, Link, Reading, Scopes, fill_of};
use super::php;
use crate::migrations::Seen;
use crate::migrations::frame::{Draft, Entry, Found, Framework, candidates, in_order, stem, version};
use crate::migrations::operations::{Fill, Operation, Step};

pub static FRAMEWORK: Framework = Framework { key: "laravel", has_downs: true, find, read };

fn find<'a>(seen: &Seen<'a>) -> Vec<Found<'a>> {
    let mut sets: BTreeMap<&str, Found> = BTreeMap::new();
    let files = candidates(seen).filter(|file| {
        file.extension() == "php"
            && version(file.name()).is_some_and(|version| version.len() >= 3)
            && file.folder().to_ascii_lowercase().contains("migrations")
            && seen.tree.text(file).is_some_and(|text| {
                text.contains("extends Migration") && text.contains("Illuminate\\Database\\Migrations")
            })
    });
    for file in files {
        let set = sets.entry(php::project(seen, file, "artisan")).or_default();
        php::add(set, Entry::new(stem(file), file));
    }
    sets.into_values()
        .map(|mut set| {
            in_order(&mut set.entries);
            set
        })
        .collect()
}

fn read<'a>(seen: &Seen<'a>, _: &Found<'a>, entry: &Entry<'a>) -> Draft {
    let Some(reading) = Reading::of(seen, entry.file) else { return Draft::unreadable(entry.file) };
    let up = reading.function("up");
    let way_back = reading.way_back(entry.file, up, reading.function("down"));
    let mut reader = Reader { reading: &reading, scopes: Scopes::default(), steps: Vec::new() };
    if let Some(up) = up {
        for chain in reading.chains(up) {
            reader.chain(&chain);
        }
    }
    Draft::new(way_back, reader.steps)
}

struct Reader<'r> {
    reading: &'r Reading,
    scopes: Scopes,
    steps: Vec<Step>,
}

impl<'r> Reader<'r> {
    fn push(&mut self, operation: Operation, line: u32) {
        self.steps.push(Step::new(operation, line));
    }

    fn name(&self, link: &Link, position: usize) -> String {
        link.arguments.get(position).map(|node| self.reading.name(*node)).unwrap_or_default()
    }

    fn chain(&mut self, chain: &Chain<'r>) {
        if let Some(table) = self.scopes.table_of(chain) {
            let table = table.to_owned();
            self.blueprint(&table, chain);
            return;
        }
        let class = chain.root.rsplit('\\').next().unwrap_or_default();
        if class == "Schema"
            || class.to_ascii_lowercase().ends_with("schema")
            || chain.has("getSchemaBuilder")
        {
            for link in &chain.links {
                self.schema(link);
            }
        } else if class == "DB" || class.ends_with("db") || class.to_ascii_lowercase().ends_with("connection")
        {
            self.database(chain);
        } else if let Some(link) = chain.links.last()
            && (is_model(class) || class.is_empty() || chain.links.len() > 1 || link.name == "save")
        {
            self.rows(String::new(), link);
        }
    }

    fn schema(&mut self, link: &Link<'r>) {
        let (table, line) = (self.name(link, 0), link.line);
        match link.name.as_str() {
            "create" => {
                self.push(Operation::CreateTable { table: table.clone() }, line);
                self.scopes.enter(self.reading, link, &table);
            }
            "table"
            | "whenTableHasColumn"
            | "whenTableDoesntHaveColumn"
            | "whenTableHasIndex"
            | "whenTableDoesntHaveIndex" => self.scopes.enter(self.reading, link, &table),
            "drop" | "dropIfExists" => self.push(Operation::DropTable { table }, line),
            "rename" => {
                let to = self.name(link, 1);
                self.push(Operation::RenameTable { table, to }, line);
            }
            "dropColumns" => self.drop_columns(&table, link, 1),
            "createExtension" | "ensureVectorExtensionExists" => {
                self.push(Operation::CreateObject { kind: "extension".into(), name: table }, line);
            }
            _ => {}
        }
    }

    /// `DB::statement(…)`, `DB::table('t')->…`.
    fn database(&mut self, chain: &Chain<'r>) {
        let mut table = String::new();
        for link in &chain.links {
            match link.name.as_str() {
                "statement" | "unprepared" | "insert" | "update" | "delete" | "affectingStatement"
                | "scalar"
                    if table.is_empty() =>
                {
                    if let Some(argument) = link.arguments.first() {
                        self.steps.extend(self.reading.sql(*argument, link.line));
                    }
                }
                "table" => table = self.name(link, 0),
                _ if !table.is_empty() => self.rows(table.clone(), link),
                _ => {}
            }
        }
    }

    /// What a query builder or a model does to rows.
    fn rows(&mut self, table: String, link: &Link) {
        let operation = match link.name.as_str() {
            "insert" | "insertGetId" | "insertOrIgnore" | "insertUsing" | "create" | "createMany"
            | "firstOrCreate" | "forceCreate" => Operation::InsertRows { table },
            "update" | "upsert" | "updateOrInsert" | "updateOrCreate" | "delete" | "forceDelete" | "save"
            | "saveQuietly" | "updateQuietly" | "increment" | "decrement" => {
                Operation::ChangeRows { table: (!table.is_empty()).then_some(table) }
            }
            "truncate" => Operation::Truncate { table },
            _ => return,
        };
        self.push(operation, link.line);
    }

    fn drop_columns(&mut self, table: &str, link: &Link, from: usize) {
        let columns: Vec<String> =
            link.arguments.iter().skip(from).flat_map(|node| self.reading.names(*node)).collect();
        for column in columns {
            self.push(Operation::DropColumn { table: table.to_owned(), column }, link.line);
        }
    }

    /// One line of a table's description.
    fn blueprint(&mut self, table: &str, chain: &Chain<'r>) {
        let Some(link) = chain.links.first() else { return };
        let (line, owned) = (link.line, table.to_owned());
        let online = chain.has("online") || chain.has("concurrently");
        let one = |table: String, column: &str| Operation::DropColumn { table, column: column.into() };
        match link.name.as_str() {
            "index" | "rawIndex" | "fullText" | "fulltext" | "spatialIndex" | "vectorIndex" => {
                self.push(Operation::AddIndex { table: owned, unique: false, concurrently: online }, line);
            }
            "unique" | "primary" => {
                self.push(Operation::AddUnique { table: owned, using_index: online }, line);
            }
            "foreign" => {
                let column =
                    link.arguments.first().and_then(|node| self.reading.names(*node).into_iter().next());
                let validated = !chain.has("notValid");
                self.push(Operation::AddForeignKey { table: owned, column, validated }, line);
            }
            "dropColumn" | "removeColumn" => self.drop_columns(table, link, 0),
            "dropConstrainedForeignId" | "dropConstrainedForeignIdFor" | "dropForeignIdFor" => {
                let column = self.name(link, 0);
                self.push(Operation::DropColumn { table: owned, column }, line);
            }
            "dropTimestamps" | "dropTimestampsTz" => self.push(one(owned, "updated_at"), line),
            "dropSoftDeletes" | "dropSoftDeletesTz" => self.push(one(owned, "deleted_at"), line),
            "dropRememberToken" => self.push(one(owned, "remember_token"), line),
            "dropMorphs" => {
                let column = format!("{}_id", self.name(link, 0));
                self.push(Operation::DropColumn { table: owned, column }, line);
            }
            "renameColumn" => {
                let column = self.name(link, 0);
                self.push(Operation::RenameColumn { table: owned, column }, line);
            }
            "rename" => {
                let to = self.name(link, 0);
                self.push(Operation::RenameTable { table: owned, to }, line);
            }
            "drop" | "dropIfExists" => self.push(Operation::DropTable { table: owned }, line),
            "dropIndex" | "dropFullText" | "dropSpatialIndex" => {
                self.push(Operation::DropIndex { table: Some(owned), concurrently: online }, line);
            }
            "dropForeign" | "dropPrimary" | "dropUnique" => {
                self.push(Operation::Other { table: Some(owned) }, line);
            }
            "renameIndex" | "comment" | "engine" | "charset" | "collation" | "innoDb" | "temporary"
            | "getTable" | "hasColumn" | "getColumns" | "after" | "setConnection" => {}
            _ => self.column(table, chain),
        }
    }

    fn column(&mut self, table: &str, chain: &Chain<'r>) {
        let Some(link) = chain.links.first() else { return };
        let line = link.line;
        let table = table.to_owned();
        let column = match link.name.as_str() {
            "timestamps" | "timestampsTz" | "nullableTimestamps" | "datetimes" => "updated_at".to_owned(),
            "softDeletes" | "softDeletesTz" | "softDeletesDatetime" if link.arguments.is_empty() => {
                "deleted_at".to_owned()
            }
            "rememberToken" => "remember_token".to_owned(),
            "id" if link.arguments.is_empty() => "id".to_owned(),
            _ => self.name(link, 0),
        };
        if chain.has("change") {
            self.push(Operation::ChangeType { table, column }, line);
            return;
        }
        let nullable = chain.link("nullable").is_some_and(|nullable| {
            nullable.arguments.first().is_none_or(|value| self.reading.source.text(*value) != "false")
        });
        let default = if chain.has("storedAs")
            || chain.has("autoIncrement")
            || chain.has("generatedAs")
            || link.name == "id"
            || link.name.to_ascii_lowercase().ends_with("increments")
        {
            Fill::PerRow
        } else if let Some(default) = chain.link("default") {
            default
                .arguments
                .first()
                .map_or(Fill::Constant, |value| fill_of(self.reading.source.text(*value)))
        } else if chain.has("useCurrent") || chain.has("virtualAs") {
            Fill::Constant
        } else {
            Fill::Nothing
        };
        let nullable = nullable
            || link.name.starts_with("nullable")
            || matches!(
                link.name.as_str(),
                "timestamps"
                    | "timestampsTz"
                    | "datetimes"
                    | "softDeletes"
                    | "softDeletesTz"
                    | "softDeletesDatetime"
                    | "rememberToken"
            )
            || chain.has("virtualAs");
        self.push(
            Operation::AddColumn {
                table: table.clone(),
                column: column.clone(),
                not_null: !nullable,
                default,
                unique: chain.has("unique") || chain.has("primary"),
                references: false,
            },
            line,
        );
        if chain.has("index")
            || chain.has("fulltext")
            || chain.has("spatialIndex")
            || link.name.ends_with("orphs")
        {
            self.push(Operation::AddIndex { table: table.clone(), unique: false, concurrently: false }, line);
        }
        if chain.has("constrained") || chain.has("references") {
            self.push(
                Operation::AddForeignKey { table, column: Some(column), validated: !chain.has("notValid") },
                line,
            );
        }
    }
}

/// A class of the application, by the form of its name.
fn is_model(class: &str) -> bool {
    class.starts_with(|c: char| c.is_ascii_uppercase())
        && !matches!(
            class,
            "Log"
                | "Artisan"
                | "Cache"
                | "Config"
                | "File"
                | "Storage"
                | "Str"
                | "Arr"
                | "Carbon"
                | "Hash"
                | "App"
                | "Event"
                | "Queue"
                | "Collection"
        )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::migrations::test_support::{only_set, outline};
    use seaworthy_facts::MigrationSet;

    const HEAD: &str = "<?php\nuse Illuminate\\Database\\Migrations\\Migration;\nuse Illuminate\\Support\\Facades\\Schema;\nreturn new class extends Migration {\n";

    fn set(files: &[(&str, &str)]) -> MigrationSet {
        let texts: Vec<(String, String)> = files
            .iter()
            .map(|(name, body)| (format!("database/migrations/{name}.php"), format!("{HEAD}{body}\n}};\n")))
            .collect();
        let files: Vec<(&str, &str)> =
            texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        only_set(&files)
    }

    #[test]
    fn a_new_table_with_all_that_belongs_to_it() {
        let set = set(&[(
            "2024_01_01_000000_create_posts",
            "public function up(): void {\n  if (Schema::hasTable('posts')) { return; }\n  Schema::create('posts', static function (Blueprint $table): void {\n    $table->id();\n    $table->string('slug')->unique();\n    $table->foreignId('user_id')->index()->constrained()->cascadeOnDelete();\n    $table->timestamps();\n  });\n  Schema::table('posts', function (Blueprint $t) { $t->index(['slug', 'user_id']); });\n}\npublic function down(): void { Schema::dropIfExists('posts'); }",
        )]);
        assert_eq!(set.framework, "laravel");
        assert_eq!(outline(&set), [("2024_01_01_000000_create_posts", true, vec![])]);
        assert!(set.newest[0].only_adds);
        assert_eq!(set.newest[0].creates, ["posts"]);
    }

    #[test]
    fn changes_of_existing_tables() {
        let set = set(&[(
            "2024_01_02_000000_change",
            "public function up(): void {\n  Schema::table('users', function (Blueprint $table) {\n    $table->string('nick')->nullable();\n    $table->string('required');\n    $table->uuid('key')->default(DB::raw('gen_random_uuid()'));\n    $table->foreignId('role_id')->nullable()->constrained();\n    $table->string('name', 50)->change();\n    $table->dropColumn(['a', 'b']);\n    $table->renameColumn('c', 'd');\n    $table->index('nick');\n  });\n  Schema::rename('x', 'y');\n  DB::statement('ALTER TABLE users ALTER COLUMN e SET NOT NULL');\n}\npublic function down(): void { Schema::rename('y', 'x'); }",
        )]);
        assert_eq!(
            outline(&set)[0].2,
            [
                "required-column",
                "volatile-default",
                "foreign-key-not-valid",
                "type-change",
                "drop-column",
                "drop-column",
                "rename-column",
                "index-not-concurrent",
                "rename-table",
                "set-not-null"
            ]
        );
        assert!(!set.newest[0].only_adds);
        assert_eq!(set.newest[0].hazards[0].at.line_number(), Some(8));
    }

    #[test]
    fn ways_back_that_are_none() {
        let up = "public function up(): void { Schema::create('t', function ($table) { $table->id(); }); }";
        let downs = [
            ("public function down(): void {}", false),
            ("public function down(): void { // nothing\n }", false),
            ("public function down(): void { throw new \\RuntimeException('no'); }", false),
            ("", false),
            ("public function down(): void { Schema::drop('t'); }", true),
        ];
        for (down, reversible) in downs {
            let set = set(&[("2024_01_01_000000_a", &format!("{up}\n{down}"))]);
            assert_eq!(outline(&set)[0].1, reversible, "{down}");
        }
    }
}
