use super::places;

fn lines(path: &str, text: &str) -> Vec<u32> {
    places(&[(path, text)], "dangerous-pattern").into_iter().map(|(_, line)| line).collect()
}

#[test]
fn javascript_that_trusts_what_comes_from_outside() {
    for text in [
        "eval(input)\n",
        "db.query(`SELECT * FROM users WHERE id = ${req.params.id}`)\n",
        "db.query('SELECT * FROM users WHERE id = ' + id)\n",
        "await prisma.$queryRawUnsafe(`SELECT * FROM t WHERE a = ${a}`)\n",
        "require('child_process').exec(`convert ${name}`)\n",
        "const agent = new https.Agent({ rejectUnauthorized: false })\n",
        "process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'\n",
    ] {
        assert_eq!(lines("src/a.ts", text), [1], "{text}");
    }
    assert_eq!(
        lines(
            "src/a.tsx",
            "export const A = () => <div dangerouslySetInnerHTML={{ __html: post.body }} />;\n"
        ),
        [1]
    );
}

#[test]
fn javascript_that_binds_and_cleans() {
    for text in [
        "db.query('SELECT * FROM users WHERE id = $1', [id])\n",
        "await sql`SELECT * FROM users WHERE id = ${id}`\n",
        "db.query(`SELECT * FROM ${TABLE} WHERE id = $1`, [id])\n",
        "require('child_process').execFile('convert', [name])\n",
        "re.exec(`${name}`)\n",
        "const agent = new https.Agent({ rejectUnauthorized: true })\n",
    ] {
        assert!(lines("src/a.ts", text).is_empty(), "{text}");
    }
    for html in ["DOMPurify.sanitize(body)", "JSON.stringify(data)"] {
        let text =
            format!("export const A = () => <div dangerouslySetInnerHTML={{{{ __html: {html} }}}} />;\n");
        assert!(lines("src/a.tsx", &text).is_empty(), "{text}");
    }
}

#[test]
fn python() {
    for text in [
        "eval(request.args['q'])\n",
        "cursor.execute(f\"SELECT * FROM users WHERE id = {user_id}\")\n",
        "cursor.execute(\"SELECT * FROM users WHERE id = '%s'\" % user_id)\n",
        "subprocess.run(f\"convert {name}\", shell=True)\n",
        "os.system(\"rm \" + path)\n",
        "requests.get(url, verify=False)\n",
        "yaml.load(text)\n",
        "pickle.loads(data)\n",
    ] {
        assert_eq!(lines("app/a.py", text), [1], "{text}");
    }
    for text in [
        "ast.literal_eval(text)\n",
        "cursor.execute(\"SELECT * FROM users WHERE id = %s\", (user_id,))\n",
        "subprocess.run([\"convert\", name])\n",
        "subprocess.run(\"make all\", shell=True)\n",
        "yaml.load(text, Loader=yaml.SafeLoader)\n",
        "model.eval()\n",
    ] {
        assert!(lines("app/a.py", text).is_empty(), "{text}");
    }
}

#[test]
fn other_languages() {
    for (path, text, found) in [
        ("app/a.rb", "User.where(\"name = '#{params[:name]}'\")\n", true),
        ("app/a.rb", "User.where(\"name = ?\", params[:name])\n", false),
        ("app/b.rb", "system(\"convert #{name}\")\n", true),
        ("app/c.rb", "http.verify_mode = OpenSSL::SSL::VERIFY_NONE\n", true),
        ("app/d.rb", "Marshal.load(data)\n", true),
        ("src/a.php", "<?php\nshell_exec(\"convert $name\");\n", true),
        ("src/b.php", "<?php\n$db->query(\"SELECT * FROM t WHERE id = \" . $id);\n", true),
        ("src/c.php", "<?php\n$db->query('SELECT 1');\n", false),
        (
            "a.go",
            "package a\nfunc f() { db.Query(fmt.Sprintf(\"SELECT * FROM t WHERE a = '%s'\", a)) }\n",
            true,
        ),
        ("b.go", "package a\nvar c = &tls.Config{InsecureSkipVerify: true}\n", true),
        ("c.go", "package a\nfunc f() { db.Query(\"SELECT * FROM t WHERE a = $1\", a) }\n", false),
        ("d.go", "package a\nfunc f() { exec.Command(\"sh\", \"-c\", \"rm \" + path) }\n", true),
        ("A.java", "class A { void f() { s.executeQuery(\"SELECT * FROM t WHERE a = \" + a); } }\n", true),
        (
            "A.cs",
            "class A { void F() { db.Users.FromSqlRaw($\"SELECT * FROM u WHERE n = '{name}'\"); } }\n",
            true,
        ),
        ("a.rs", "fn f() { let c = Client::builder().danger_accept_invalid_certs(true); }\n", true),
        ("b.rs", "fn f() { sqlx::query(&format!(\"SELECT * FROM t WHERE a = {a}\")); }\n", true),
        ("c.rs", "fn f() { sqlx::query(\"SELECT * FROM t WHERE a = $1\"); }\n", false),
    ] {
        assert_eq!(!lines(path, text).is_empty(), found, "{path}: {text}");
    }
}
