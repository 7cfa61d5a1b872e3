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

const HANDLER: &str = "app.use((err, req, res, next) => {
  console.error({ message: err.message, stack: err.stack, method: req.method, path: req.path });
  res.status(err.status || 500).json({ error: err.message });
});
";

#[test]
fn an_express_handler_that_logs_an_object_and_leaks_the_message() {
    assert_eq!(count("app.js", HANDLER, "error-log-context"), 1);
    assert_eq!(count("app.js", HANDLER, "error-shape"), 1);
    assert_eq!(count("app.js", HANDLER, "error-message-leak"), 1);
    assert_eq!(count("app.js", HANDLER, "stack-sent"), 0);
    let general = HANDLER
        .replace("json({ error: err.message })", "json({ error: err.status ? err.message : 'internal' })");
    assert_eq!(count("app.js", &general, "error-message-leak"), 0);
    let silent = HANDLER.replace("console.error", "void");
    assert_eq!(count("app.js", &silent, "error-log-context"), 0);
}

#[test]
fn an_express_handler_that_hands_errors_on() {
    let handed = "exports.apiError = (res, error) => {\n  const { status = 500, message } = error;\n  const result = { error: true, message };\n  return res.status(status).json(result);\n};\nexports.errorHandler = (error, req, res, next) => exports.apiError(res, error);\n";
    assert_eq!(count("api.js", handed, "error-shape"), 1);
    assert_eq!(count("api.js", handed, "error-message-leak"), 1);
    let general = handed.replace("{ status = 500, message } = error", "{ status = 500 } = error");
    assert_eq!(count("api.js", &general, "error-message-leak"), 0);
    let pages = handed.replace(".json(result)", ".render('error')");
    assert_eq!(count("api.js", &pages, "error-shape"), 0);
}

#[test]
fn central_handlers_that_log_the_request() {
    for (path, text) in [
        ("src/instrumentation.ts", "export const onRequestError = Sentry.captureRequestError;\n"),
        (
            "a.ts",
            "app.onError((err, c) => {\n  logger.error({ err, path: c.req.path });\n  return c.json({ error: 'internal' }, 500);\n});\n",
        ),
        ("a.js", "const app = Fastify({ logger: true });\n"),
        (
            "a.ts",
            "@Catch()\nexport class AllFilter implements ExceptionFilter {\n  catch(exception: unknown, host: ArgumentsHost) {\n    const request = host.switchToHttp().getRequest();\n    this.logger.error(exception, request.url);\n  }\n}\n",
        ),
        (
            "a.py",
            "@app.exception_handler(Exception)\nasync def unhandled(request: Request, exc: Exception):\n    log.error(\"unhandled\", exc_info=exc, extra={\"path\": request.url.path})\n    return JSONResponse({}, 500)\n",
        ),
        ("a.php", "<?php\n$exceptions->context(fn () => ['path' => request()->path()]);\n"),
        (
            "A.java",
            "class A {\n  @ExceptionHandler(Exception.class)\n  ProblemDetail a(Exception ex, HttpServletRequest request) {\n    log.error(\"{} failed\", request.getRequestURI(), ex);\n    return null;\n  }\n}\n",
        ),
        (
            "a.cs",
            "class A : IExceptionHandler {\n  public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken t) {\n    _logger.LogError(exception, \"{Path}\", context.Request.Path);\n    return true;\n  }\n}\n",
        ),
        (
            "a.go",
            "package a\nfunc (a *App) serverError(w http.ResponseWriter, r *http.Request, err error) {\n\ta.logger.Error(err.Error(), \"method\", r.Method, \"uri\", r.URL.RequestURI())\n\thttp.Error(w, \"internal\", 500)\n}\n",
        ),
    ] {
        assert_eq!(count(path, text, "error-log-context"), 1, "{path}: {text}");
    }
}

#[test]
fn handlers_that_say_nothing() {
    let java = "class A {\n  @ExceptionHandler(Exception.class)\n  ProblemDetail a(Exception ex, HttpServletRequest request) {\n    problem.setInstance(URI.create(request.getRequestURI()));\n    return problem;\n  }\n}\n";
    assert_eq!(count("A.java", java, "default-log-silenced"), 1);
    assert_eq!(count("A.java", java, "error-log-context"), 0);
    let echo = "package a\nfunc a() {\n\te.HTTPErrorHandler = func(err error, c echo.Context) {\n\t\ta.log.Println(err.Error())\n\t}\n}\n";
    assert_eq!(count("a.go", echo, "error-log-context"), 0);
    assert_eq!(count("a.go", echo, "error-shape"), 1);
    let flask = "@app.errorhandler(Exception)\ndef a(e):\n    return 'x', 500\n";
    assert_eq!(count("a.py", flask, "default-log-replaced"), 1);
    let ruby = "class AController < B\n  rescue_from StandardError, with: :a\nend\n";
    assert_eq!(count("a.rb", ruby, "default-log-replaced"), 1);
    assert_eq!(count("a.rb", &ruby.replace("AController", "AJob"), "default-log-replaced"), 0);
}

#[test]
fn errors_are_shaped_centrally_or_in_their_routes() {
    for (path, text) in [
        (
            "A.java",
            "@RestControllerAdvice\nclass A {\n  @ExceptionHandler(B.class)\n  ProblemDetail a(B b) { return null; }\n}\n",
        ),
        (
            "a.rs",
            "impl IntoResponse for AppError {\n    fn into_response(self) -> Response { (self.status(), Json(self.body())).into_response() }\n}\n",
        ),
        (
            "a.rb",
            "class A < B\n  rescue_from StandardError do |e|\n    render json: { error: 'internal' }, status: 500\n  end\nend\n",
        ),
        (
            "a.php",
            "<?php\nclass H {\n  public function render($request, Throwable $e) {\n    return response()->json(['message' => 'x'], 500);\n  }\n}\n",
        ),
        ("a.cs", "builder.Services.AddProblemDetails();\n"),
        (
            "a.rs",
            "pub fn json_error(detail: &str, status: StatusCode) -> Response {\n    (status, Json(json!({ \"detail\": detail }))).into_response()\n}\n",
        ),
        ("a.ex", "defmodule A do\n  action_fallback B\nend\n"),
        ("a.ex", "defmodule A.ErrorView do\n  def render(status, _), do: %{message: status}\nend\n"),
        (
            "a.rs",
            "cfg_if! {\n  if #[cfg(feature = \"full\")] {\n    impl ResponseError for AppError {\n      fn error_response(&self) -> R { R::build(self.status()).json(self) }\n    }\n  }\n}\n",
        ),
    ] {
        assert_eq!(count(path, text, "error-shape"), 1, "{path}: {text}");
    }
    // The name of a variable is no shape: this is answered as text.
    let text = "impl IntoResponse for AppError {\n    fn into_response(self) -> Response {\n        match self.body { Some(json) => (self.code, json.to_string()).into_response(), None => self.code.into_response() }\n    }\n}\n";
    assert_eq!(count("a.rs", text, "error-shape"), 0);
    assert_eq!(
        count("a.ts", "return NextResponse.json({ error: 'x' }, { status: 404 });\n", "inline-error"),
        1
    );
    assert_eq!(count("a.ts", "return badRequest({ message: 'x' });\n", "error-helper"), 1);
    assert_eq!(count("a.rb", "render plain: 'no such thing', status: :not_found\n", "plain-error"), 1);
}

#[test]
fn calls_without_a_limit_are_told_from_those_with_one() {
    for (path, unlimited, limited) in [
        (
            "a.ts",
            "await fetch('https://x.example', { method: 'POST' });\n",
            "await fetch('https://x.example', { signal: AbortSignal.timeout(3000) });\n",
        ),
        ("a.ts", "await axios.get(url);\n", "const c = axios.create({ timeout: 3000 });\n"),
        ("a.py", "requests.get(url)\n", "requests.get(url, timeout=5)\n"),
        ("a.py", "urllib.request.urlopen(url)\n", "urllib.request.urlopen(url, timeout=5)\n"),
        ("a.rb", "HTTP.get(url)\n", "Faraday.new(url, request: { timeout: 5 })\n"),
        (
            "a.php",
            "<?php\n$c = new GuzzleHttp\\Client();\n",
            "<?php\n$c = new GuzzleHttp\\Client(['timeout' => 3]);\n",
        ),
        (
            "a.go",
            "package a\nfunc a() { http.Get(u) }\n",
            "package a\nvar c = http.Client{Timeout: 3 * time.Second}\n",
        ),
        (
            "A.java",
            "class A { RestTemplate t = new RestTemplate(); }\n",
            "class A { Object t = b.setConnectTimeout(Duration.ofSeconds(2)); }\n",
        ),
        (
            "a.rs",
            "fn a() { let c = reqwest::Client::new(); }\n",
            "fn a() { let c = reqwest::Client::builder().timeout(Duration::from_secs(3)).build(); }\n",
        ),
        ("a.cs", "c.Timeout = Timeout.InfiniteTimeSpan;\n", "c.Timeout = TimeSpan.FromSeconds(3);\n"),
    ] {
        assert_eq!(count(path, unlimited, "call-without-limit"), 1, "{path}: {unlimited}");
        assert_eq!(count(path, limited, "call-without-limit"), 0, "{path}: {limited}");
        assert!(count(path, limited, "call-with-limit") >= 1, "{path}: {limited}");
    }
    for text in [
        "await fetch('/api/x');\n",
        "'use client'\nfetch('https://x.example');\n",
        "fetch(API_URL, options);\n",
    ] {
        assert_eq!(count("a.ts", text, "call-without-limit"), 0, "{text}");
    }
    assert_eq!(count("a.py", "httpx.get(url)\n", "call-limited-by-default"), 1);
    assert_eq!(count("a.php", "<?php\n$r = Http::get($url);\n", "call-limited-by-default"), 1);
}

#[test]
fn fallbacks_answer_and_do_not_raise() {
    let python =
        "try:\n    r = requests.get(url, timeout=5)\nexcept requests.RequestException:\n    return None\n";
    assert_eq!(count("a.py", python, "fallback"), 1);
    assert_eq!(count("a.py", &python.replace("return None", "raise Oops()"), "fallback"), 0);
    let ruby = "def a\n  load\nrescue Faraday::Error => e\n  []\nend\n";
    assert_eq!(count("a.rb", ruby, "fallback"), 1);
    assert_eq!(count("a.rb", &ruby.replace("[]", "raise Oops"), "fallback"), 0);
    let php =
        "<?php\ntry { $r = Http::timeout(3)->get($u); } catch (\\Throwable $e) { report($e); return []; }\n";
    assert_eq!(count("a.php", php, "fallback"), 1);
    let script = "try { await fetch(url) } catch (e) { return cachedRates }\n";
    assert_eq!(count("a.ts", script, "fallback"), 1);
}

#[test]
fn growing_delays_are_told_from_fixed_ones() {
    for (path, text) in [
        ("a.ts", "await sleep(2 ** attempt * 100);\n"),
        ("a.ts", "const delay = base * Math.pow(2, attempt);\n"),
        ("a.ts", "const BACKOFF_MINUTES = [1, 5, 30];\n"),
        ("a.ts", "queue.add('x', {}, { attempts: 5, backoff: { type: 'exponential', delay: 1000 } });\n"),
        ("a.ts", "await pRetry(run, { retries: 4 });\n"),
        ("a.py", "@app.task(autoretry_for=(IOError,), retry_backoff=True)\ndef a(): ...\n"),
        ("a.py", "time.sleep(2 ** attempt)\n"),
        ("a.rb", "retry_on Net::OpenTimeout, wait: :polynomially_longer, attempts: 8\n"),
        ("a.php", "<?php\nclass J { public $backoff = [1, 5, 30]; }\n"),
        ("a.go", "package a\nfunc a() { b := backoff.NewExponentialBackOff() }\n"),
        ("A.java", "class A { @Retryable(backoff = @Backoff(delay = 100, multiplier = 2)) void a() {} }\n"),
        ("a.cs", "var w = TimeSpan.FromSeconds(Math.Pow(2, retryAttempt));\n"),
        (
            "a.cs",
            "o.UseSqlServer(c, sql => { sql.EnableRetryOnFailure(2, TimeSpan.FromSeconds(5), null); });\n",
        ),
        (
            "a.kt",
            "class A {\n  @Retryable(maxAttempts = 3, backoff = Backoff(delay = 100, multiplier = 2.0))\n  fun b() {}\n}\n",
        ),
        ("a.rs", "fn a() { f.retry(ExponentialBuilder::default()); }\n"),
    ] {
        assert!(count(path, text, "growing-retry") >= 1, "{path}: {text}");
    }
    for (path, text) in [
        ("a.ts", "await sleep(1000);\n"),
        ("a.py", "time.sleep(retry_delay * attempt)\n"),
        ("a.rb", "retry_on Net::OpenTimeout, wait: 5.seconds\n"),
        ("a.php", "<?php\n$r = Http::timeout(3)->retry(2, 500)->get($u);\n"),
    ] {
        assert_eq!(count(path, text, "growing-retry"), 0, "{path}: {text}");
    }
    assert_eq!(count("a.php", "<?php\n$r = Http::timeout(3)->retry(2, 500)->get($u);\n", "fixed-retry"), 1);
    let fixed = "class A {\n  @Retryable(maxAttempts = 3, backoff = Backoff(delay = 100))\n  fun b() {}\n}\n";
    assert_eq!((count("a.kt", fixed, "fixed-retry"), count("a.kt", fixed, "growing-retry")), (1, 0));
    let fixed = "class A { @Retryable(maxAttempts = 3) void b() {} }\n";
    assert_eq!((count("A.java", fixed, "fixed-retry"), count("A.java", fixed, "growing-retry")), (1, 0));
}

#[test]
fn catch_all_handlers_that_answer_with_the_message() {
    let files = [
        ("A.java", include_str!("leaks/a.java")),
        ("A.kt", include_str!("leaks/a.kt")),
        ("a.py", include_str!("leaks/a.py")),
        ("a.rb", include_str!("leaks/a.rb")),
        ("a.php", include_str!("leaks/a.php")),
        ("A.cs", include_str!("leaks/a.cs")),
        ("a.go", include_str!("leaks/a.go")),
        ("a.rs", include_str!("leaks/a.rs")),
    ];
    for (path, text) in files {
        let marked = (1u32..).zip(text.lines()).filter(|(_, line)| line.ends_with(" leak"));
        let expected: Vec<_> = marked.map(|(line, _)| (path.to_owned(), line)).collect();
        assert!(!expected.is_empty());
        assert_eq!(places(&[(path, text)], "error-message-shown"), expected);
    }
}
