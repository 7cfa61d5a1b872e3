//! One planted example of each danger in each language: all of them are found, and their safe forms are not.

use super::places;

/// Danger, file, text.
const PLANTED: &[(&str, &str, &str)] = &[
    // JavaScript
    ("sql", "a.ts", "db.query(`SELECT * FROM users WHERE id = ${req.params.id}`)"),
    ("command", "a.ts", "require('child_process').exec(`convert ${name}`)"),
    ("code", "a.ts", "eval(input)"),
    ("code", "a.js", "const f = new Function('a', body)"),
    ("loading", "a.js", "const o = serialize.unserialize(req.cookies.profile)"),
    ("tls", "a.ts", "new https.Agent({ rejectUnauthorized: false })"),
    ("hash", "a.ts", "crypto.createHash('md5').update(password).digest('hex')"),
    ("html", "a.tsx", "const a = <div dangerouslySetInnerHTML={{ __html: post.body }} />"),
    ("html", "a.js", "el.innerHTML = decodeURIComponent(location.hash.slice(1))"),
    ("html", "a.js", "res.send(`<h1>Hello ${req.query.name}</h1>`)"),
    ("path", "a.ts", "fs.readFile('./files/' + req.query.name, done)"),
    ("request", "a.ts", "const r = await fetch(req.body.url)"),
    ("key", "a.ts", "const t = jwt.sign({ id }, 'supersecret', { expiresIn: '1h' })"),
    // Python
    ("sql", "a.py", "cursor.execute(f\"SELECT * FROM users WHERE id = {user_id}\")"),
    ("command", "a.py", "subprocess.run(f\"convert {name}\", shell=True)"),
    ("code", "a.py", "eval(request.args['q'])"),
    ("loading", "a.py", "pickle.loads(data)"),
    ("tls", "a.py", "requests.get(url, verify=False)"),
    ("tls", "a.py", "ssl._create_default_https_context = ssl._create_unverified_context"),
    ("hash", "a.py", "h = hashlib.md5(password.encode()).hexdigest()"),
    ("html", "a.py", "x = mark_safe('<b>' + request.GET['q'] + '</b>')"),
    ("html", "a.py", "return_value = render_template_string(f\"<h1>{name}</h1>\")"),
    ("path", "a.py", "data = open('files/' + request.args['name']).read()"),
    ("request", "a.py", "r = requests.get(request.args['url'])"),
    ("key", "a.py", "t = jwt.encode({'id': 1}, 'supersecret', algorithm='HS256')"),
    // Ruby
    ("sql", "a.rb", "User.where(\"name = '#{params[:name]}'\")"),
    ("command", "a.rb", "system(\"convert #{name}\")"),
    ("code", "a.rb", "eval(params[:code])"),
    ("code", "a.rb", "params[:type].constantize"),
    ("loading", "a.rb", "Marshal.load(data)"),
    ("tls", "a.rb", "http.verify_mode = OpenSSL::SSL::VERIFY_NONE"),
    ("hash", "a.rb", "Digest::MD5.hexdigest(password)"),
    ("html", "a.rb", "x = params[:q].html_safe"),
    ("path", "a.rb", "send_file(\"files/#{params[:name]}\")"),
    ("request", "a.rb", "Net::HTTP.get(URI(params[:url]))"),
    // PHP
    ("sql", "a.php", "<?php $db->query(\"SELECT * FROM t WHERE id = \" . $id);"),
    ("command", "a.php", "<?php shell_exec(\"convert $name\");"),
    ("code", "a.php", "<?php eval($code);"),
    ("loading", "a.php", "<?php $o = unserialize($_COOKIE['cart']);"),
    ("tls", "a.php", "<?php curl_setopt($c, CURLOPT_SSL_VERIFYPEER, false);"),
    ("hash", "a.php", "<?php $h = md5($_POST['password']);"),
    ("html", "a.php", "<?php echo \"Hello \" . $_GET['name'];"),
    ("path", "a.php", "<?php include $_GET['page'] . '.php';"),
    ("path", "a.php", "<?php readfile('files/' . $_GET['name']);"),
    ("request", "a.php", "<?php curl_setopt($c, CURLOPT_URL, $_GET['url']);"),
    // Go
    ("sql", "a.go", "package a\nfunc f() { db.Query(\"SELECT * FROM t WHERE a = '\" + a + \"'\") }"),
    ("command", "a.go", "package a\nfunc f() { exec.Command(\"sh\", \"-c\", \"rm \" + path) }"),
    ("tls", "a.go", "package a\nvar c = &tls.Config{InsecureSkipVerify: true}"),
    ("hash", "a.go", "package a\nfunc f() { h := md5.Sum([]byte(password)); use(h) }"),
    ("html", "a.go", "package a\nfunc f() { x := template.HTML(r.FormValue(\"q\")); use(x) }"),
    ("path", "a.go", "package a\nfunc f() { os.ReadFile(\"files/\" + r.URL.Query().Get(\"name\")) }"),
    ("request", "a.go", "package a\nfunc f() { http.Get(r.FormValue(\"url\")) }"),
    ("key", "a.go", "package a\nfunc f() { t, _ := token.SignedString([]byte(\"supersecret\")); use(t) }"),
    // Java
    ("sql", "A.java", "class A { void f() { s.executeQuery(\"SELECT * FROM t WHERE a = \" + a); } }"),
    ("command", "A.java", "class A { void f() { Runtime.getRuntime().exec(\"convert \" + name); } }"),
    ("code", "A.java", "class A { void f(ScriptEngine engine) { engine.eval(script); } }"),
    ("loading", "A.java", "class A { void f() { new ObjectInputStream(in).readObject(); } }"),
    ("tls", "A.java", "class A { void f() { c.setHostnameVerifier((h, s) -> true); } }"),
    ("hash", "A.java", "class A { void f() { DigestUtils.md5Hex(password); } }"),
    (
        "html",
        "A.java",
        "class A { void f() { response.getWriter().println(\"<b>\" + request.getParameter(\"q\")); } }",
    ),
    ("path", "A.java", "class A { void f() { new File(\"files/\" + request.getParameter(\"name\")); } }"),
    ("request", "A.java", "class A { void f() { new URL(request.getParameter(\"url\")); } }"),
    // C#
    ("sql", "A.cs", "class A { void F() { db.Users.FromSqlRaw($\"SELECT * FROM u WHERE n = '{name}'\"); } }"),
    (
        "sql",
        "A.cs",
        "class A { void F() { new SqlCommand(\"SELECT * FROM u WHERE n = '\" + name + \"'\", c); } }",
    ),
    ("command", "A.cs", "class A { void F() { Process.Start(\"cmd.exe\", \"/c convert \" + name); } }"),
    ("loading", "A.cs", "class A { void F() { new BinaryFormatter().Deserialize(stream); } }"),
    (
        "tls",
        "A.cs",
        "class A { void F() { h.ServerCertificateCustomValidationCallback = (a, b, c, d) => true; } }",
    ),
    ("hash", "A.cs", "class A { void F() { MD5.HashData(Encoding.UTF8.GetBytes(password)); } }"),
    ("html", "A.cs", "class A { void F() { var a = Html.Raw(Request.Query[\"q\"]); } }"),
    ("path", "A.cs", "class A { void F() { File.ReadAllText(\"files/\" + Request.Query[\"name\"]); } }"),
    ("request", "A.cs", "class A { void F() { client.GetAsync(Request.Query[\"url\"]); } }"),
    // Rust
    ("sql", "a.rs", "fn f() { sqlx::query(&format!(\"SELECT * FROM t WHERE a = {a}\")); }"),
    ("command", "a.rs", "fn f() { Command::new(\"sh\").arg(\"-c\").arg(format!(\"convert {name}\")); }"),
    ("tls", "a.rs", "fn f() { Client::builder().danger_accept_invalid_certs(true); }"),
    ("hash", "a.rs", "fn f() { let h = md5::compute(password); use_it(h); }"),
    // Kotlin and Elixir
    ("sql", "A.kt", "fun f() { s.executeQuery(\"SELECT * FROM t WHERE a = '$a'\") }"),
    ("sql", "a.ex", "Repo.query(\"SELECT * FROM t WHERE a = '#{a}'\")"),
    ("command", "a.ex", "System.cmd(\"sh\", [\"-c\", \"convert #{name}\"])"),
    ("code", "a.ex", "Code.eval_string(code)"),
    ("loading", "a.ex", ":erlang.binary_to_term(data)"),
];

/// The same with what makes it safe, and what only looks like it.
const SAFE: &[(&str, &str)] = &[
    ("a.ts", "fs.readFile(path.join(root, path.basename(req.query.name)), done)"),
    ("a.ts", "res.sendFile(req.params.name, { root: dir })"),
    ("a.ts", "const r = await fetch(`${API}/users/${req.params.id}`)"),
    ("a.ts", "const t = jwt.sign({ id }, process.env.JWT_SECRET, { expiresIn: '1h' })"),
    ("a.ts", "const t = jwt.sign({ id }, secret, { algorithm: 'HS256' })"),
    ("a.ts", "crypto.createHash('sha256').update(body).digest('hex')"),
    ("a.ts", "el.innerHTML = DOMPurify.sanitize(location.hash)"),
    ("a.ts", "db.query(`SELECT * FROM t WHERE id IN (${placeholders})`, ids)"),
    ("a.ts", "db.query('SELECT * FROM ' + TABLE + ' WHERE id = $1', [id])"),
    ("a.ts", "if (options.insecure) { agent = new https.Agent({ rejectUnauthorized: false }) }"),
    ("a.tsx", "const a = <style dangerouslySetInnerHTML={{ __html: rules.join('') }} />"),
    ("a.tsx", "const a = <code dangerouslySetInnerHTML={{ __html: highlightedCode }} />"),
    ("a.py", "conn.execute(\"SELECT a FROM \" + TABLE_NAME)"),
    ("a.py", "conn.execute(\"DELETE FROM \" + TABLE_NAME + \" WHERE id = ?\", (1,))"),
    ("a.py", "cur.execute(f\"SELECT 1 FROM d WHERE n = '{db_config['name']}'\")"),
    ("migrations/versions/a.py", "conn.execute(f\"SELECT count(*) FROM {name}\")"),
    (
        "a.py",
        "def f(raw):\n    if not hmac.compare_digest(a, b):\n        raise ValueError\n    return pickle.loads(raw)",
    ),
    ("a.py", "t = jwt.encode(payload, settings.SECRET_KEY, algorithm='HS256')"),
    ("a.py", "claims = jwt.decode(token, key, algorithms=['HS256'])"),
    ("a.py", "h = hashlib.sha256(body).hexdigest()"),
    ("a.py", "r = requests.get(BASE + '/users', params=request.args)"),
    ("a.rb", "send_file(File.join(DIR, File.basename(params[:name])))"),
    ("a.rb", "user.update(params[:user])"),
    ("a.php", "<?php echo htmlspecialchars($_GET['name']);"),
    ("a.php", "<?php $h = password_hash($_POST['password'], PASSWORD_DEFAULT);"),
    ("a.php", "<?php $key = md5($url);"),
    (
        "a.go",
        "package a\nfunc f() { if cfg.InsecureSkipVerify { t = &tls.Config{InsecureSkipVerify: true} } }",
    ),
    ("a.go", "package a\nfunc f() { db.Query(\"SELECT * FROM \"+Table+\" WHERE a = $1\", a) }"),
    ("a.ts", "const f = new Function(this, 'Copier', { runtime: Runtime.JAVA_21 })"),
    (
        "a.ts",
        "const url = 'https://api.pwnedpasswords.com/range/'\nconst h = createHash('sha1').update(password).digest('hex')",
    ),
    ("a.ts", "db.execute(`UPDATE t SET e = NOW() + INTERVAL '${+expire} SECONDS' WHERE id = ?`, [key])"),
    ("a.tsx", "const a = <p dangerouslySetInnerHTML={{ __html: safeHtml }} />"),
    ("scripts/a.js", "require('child_process').execSync(`npm view ${pkg.name} version`)"),
    ("a.go", "package a\nfunc f() { db.Exec(\"DELETE FROM t WHERE id = \"+placeholder(d, 1), id) }"),
    ("a.go", "package a\nfunc f() { db.Exec(\"DELETE FROM t WHERE \"+strings.Join(w, \" AND \"), args...) }"),
    ("a.py", "def save(a):\n    put(pickle.dumps(a))\n\ndef load():\n    return pickle.loads(get())"),
    ("a.php", "<?php if (App::environment('local')) { $r = $r->withoutVerifying(); }"),
    ("A.java", "class A { void f() { s.prepareStatement(\"SELECT * FROM t WHERE a = ?\"); } }"),
    ("A.cs", "class A { void F() { new SqlCommand(\"SELECT * FROM u WHERE n = @n\", c); } }"),
];

#[test]
fn planted_dangers_are_found() {
    let missed: Vec<_> = PLANTED
        .iter()
        .filter(|(_, name, text)| {
            places(&[(&format!("src/{name}"), &format!("{text}\n"))], "dangerous-pattern").is_empty()
        })
        .collect();
    assert!(missed.is_empty(), "{} of {} are missed: {missed:#?}", missed.len(), PLANTED.len());
}

#[test]
fn safe_forms_are_not_found() {
    let wrong: Vec<_> = SAFE
        .iter()
        .filter(|(name, text)| {
            !places(&[(&format!("src/{name}"), &format!("{text}\n"))], "dangerous-pattern").is_empty()
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
