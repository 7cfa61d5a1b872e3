//! The rules of the section on errors: what matches and what must not.

use super::places;

/// How often a sign is seen in one file.
fn count(path: &str, text: &str, sign: &str) -> usize {
    places(&[(path, text)], sign).len()
}

#[test]
fn swallowed_errors_are_seen_in_every_language() {
    for (path, text) in [
        ("a.ts", "load().catch(() => {});\n"),
        ("a.ts", "load().then(x).catch(_ => undefined);\n"),
        ("a.py", "try:\n    a()\nexcept:\n    pass\n"),
        ("a.py", "with suppress(Exception):\n    a()\n"),
        ("a.rb", "a = load rescue nil\n"),
        ("a.rb", "begin\n  load\nrescue => e\nend\n"),
        ("a.php", "<?php\ntry { a(); } catch (\\Throwable $e) {\n}\n"),
        ("A.java", "class A { void a() { try { b(); } catch (Exception e) { } } }\n"),
        ("a.kt", "fun a() {\n    try { b() } catch (e: Exception) { }\n}\n"),
        ("a.cs", "class A { void B() { try { C(); } catch { } } }\n"),
        ("a.go", "package a\nfunc a() {\n\tif err := b(); err != nil {\n\t}\n}\n"),
        ("a.go", "package a\nfunc a() {\n\tbody, _ := io.ReadAll(r.Body)\n\tuse(body)\n}\n"),
        (
            "a.rs",
            "async fn a() {\n    match b() {\n        Ok(x) => use_it(x),\n        Err(_) => {}\n    }\n}\n",
        ),
        ("a.rs", "async fn a() {\n    save().await.ok();\n}\n"),
        ("a.ex", "defmodule A do\n  def a do\n    b()\n  rescue\n    _ -> nil\n  end\nend\n"),
    ] {
        assert_eq!(count(path, text, "swallowed-error"), 1, "{path}: {text}");
    }
}

#[test]
fn what_is_handled_or_explained_is_not_swallowed() {
    for (path, text) in [
        ("a.js", "try { a() } catch { /* it may be gone already */ }\n"),
        ("a.js", "const body = await response.json().catch(() => null);\n"),
        ("a.py", "try:\n    a()\nexcept KeyError:\n    pass\n"),
        ("a.rb", "begin\n  load\nrescue => e\n  log(e)\nend\n"),
        ("A.java", "class A { void a() { try { b(); } catch (Exception ignored) { } } }\n"),
        ("a.cs", "class A { void B() { try { C(); } catch (OperationCanceledException) { } } }\n"),
        ("a.go", "package a\nfunc a() {\n\t_ = file.Close()\n}\n"),
        ("a.rs", "async fn a() {\n    sender.send(1).await.ok();\n}\n"),
        ("a.ex", "defmodule A do\n  def a do\n    b()\n  rescue\n    e -> log(e)\n  end\nend\n"),
    ] {
        assert_eq!(count(path, text, "swallowed-error"), 0, "{path}: {text}");
    }
}

#[test]
fn stacks_that_reach_clients_are_seen() {
    for (path, text) in [
        ("a.ts", "res.status(500).json({ error: err.message, stack: err.stack });\n"),
        (
            "a.ts",
            "return new Response(JSON.stringify({ error: error.message, details: error.stack }), { status: 500 });\n",
        ),
        ("a.tsx", "const a = <pre>{error.stack}</pre>;\n"),
        (
            "a.ts",
            "try { a() } catch (e) {\n  const error = serializeError(e);\n  return serverError({ errorObject: error });\n}\n",
        ),
        ("a.py", "return JSONResponse({\"trace\": traceback.format_exc()}, status_code=500)\n"),
        ("a.rb", "render json: { error: e.message, backtrace: e.backtrace }, status: 500\n"),
        ("a.php", "<?php\nreturn response()->json(['trace' => $e->getTraceAsString()], 500);\n"),
        ("a.php", "<?php\necho $e->getTraceAsString();\n"),
        ("A.java", "class A { void a() { e.printStackTrace(response.getWriter()); } }\n"),
        ("a.cs", "class A { object B() { return StatusCode(500, ex.ToString()); } }\n"),
        ("a.go", "package a\nfunc a() { http.Error(w, string(debug.Stack()), 500) }\n"),
    ] {
        assert_eq!(count(path, text, "stack-sent"), 1, "{path}: {text}");
    }
}

#[test]
fn stacks_that_are_logged_or_for_development_are_not_sent() {
    for (path, text) in [
        ("a.ts", "res.json({ stack: process.env.NODE_ENV === 'production' ? undefined : err.stack });\n"),
        ("a.ts", "if (isDev) { res.json({ stack: err.stack }); }\n"),
        ("a.ts", "console.error(err.stack); res.json({ error: 'internal' });\n"),
        ("a.ts", "app.get('/', (req, res) => { logger.error({ stack: err.stack }); });\n"),
        ("a.tsx", "const a = isDev && <pre>{error.stack}</pre>;\n"),
        ("a.py", "logger.error(traceback.format_exc())\n"),
        ("a.php", "<?php\nif ($isDebug) { return response()->json(['file' => $e->getFile()]); }\n"),
        ("a.php", "<?php\nLog::error($e->getTraceAsString());\n"),
        ("a.cs", "class A { void B() { _logger.LogError(ex.StackTrace); } }\n"),
    ] {
        assert_eq!(count(path, text, "stack-sent"), 0, "{path}: {text}");
    }
}

#[test]
fn debug_modes_in_code() {
    assert_eq!(count("a.py", "app.run(host='0.0.0.0', debug=True)\n", "debug-run"), 1);
    assert_eq!(count("a.py", "app = FastAPI(title='a', debug=True)\n", "debug-on"), 1);
    assert_eq!(count("a.php", "<?php\nini_set('display_errors', '1');\n", "debug-on"), 1);
    assert_eq!(count("a.php", "<?php\nini_set('display_errors', 0);\n", "debug-on"), 0);
    let page = "var app = b.Build();\napp.UseDeveloperExceptionPage();\n";
    assert_eq!(count("a.cs", page, "debug-on"), 1);
    let guarded = "if (app.Environment.IsDevelopment()) { app.UseDeveloperExceptionPage(); }\n";
    assert_eq!(count("a.cs", guarded, "debug-on"), 0);
}
