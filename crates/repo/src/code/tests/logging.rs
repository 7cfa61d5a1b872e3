use super::*;

fn lines(path: &str, text: &str) -> Vec<u32> {
    places(&[(path, text)], "sensitive-log-argument").into_iter().map(|(_, line)| line).collect()
}

#[test]
fn javascript() {
    let bad = "console.log(password)\nlogger.info('x', user.accessToken)\nlog.debug(`got ${token}`)\n\
               console.error({ email, apiKey })\nlogger.warn('h', req.headers)\nconsole.log('a ' + secret)\n\
               logger.info({ auth: req.headers.authorization })\nconsole.log(JSON.stringify(req.body))\n";
    assert_eq!(lines("a.ts", bad), [1, 2, 3, 4, 5, 6, 7, 8]);
    let good = "console.log('password changed')\nlogger.info(password.length)\nlog.debug(!!token)\nlog.info(mask(token))\n\
                console.log(token ? 'set' : 'unset')\nlogger.info({ tokenId })\nlogger.info(hasPassword)\n\
                logger.info(truncatedSecret)\nconsole.log(ErrorCode.INVALID_TOKEN)\nreply(token)\nlog.info(nextToken)\n\
                logger.info({ password: '[redacted]' })\n";
    assert!(lines("b.ts", good).is_empty(), "{:?}", lines("b.ts", good));
    let parts = "console.log(`key ${apiKey ? apiKey.slice(0, 15) : '-'}`)\nconsole.log(token ? token : 'none')\n\
                 console.log(`key ${apiKey.slice(0, 4)}`)\nlog.info(`${secret ? 'set' : 'unset'}`)\n";
    assert_eq!(lines("c.ts", parts), [1, 2]);
}

#[test]
fn python() {
    let bad = "logger.info(f'login {password}')\nlogging.debug('t %s', user.token)\nprint(api_key)\n\
               log.info('h', extra={'a': request.headers})\ndef handler(event, context):\n    logger.info(json.dumps(event))\n";
    assert_eq!(lines("a.py", bad), [1, 2, 3, 4, 6]);
    let parts = "log.info(f'{api_key[:15] if api_key else 0}')\nlog.info(f\"{token if token else 'none'}\")\nlog.info(f'{token[:4] if token else 0}')\n\
                 log.info(f\"{'set' if api_key else 'unset'}\")\nlog.info('set' if password else 'unset')\n";
    assert_eq!(lines("c.py", parts), [1, 2]);
    let good = "logger.info('no token')\nlogger.info('%d', len(token))\nlogger.info('x', token=None)\nlogger.info(token_id)\n\
                logger.info(f'{token[:4]}')\nlogger.info(has_password)\n";
    assert!(lines("b.py", good).is_empty(), "{:?}", lines("b.py", good));
}

#[test]
fn ruby_and_php() {
    let ruby = "Rails.logger.info \"t #{user.token}\"\nlogger.debug(params[:password])\nputs password\nlogger.info params.inspect\n";
    assert_eq!(lines("a.rb", ruby), [1, 2, 3, 4]);
    let good =
        "logger.info \"token #{token.id}\"\nlogger.info 'password reset'\nlogger.info token.present?\n";
    assert!(lines("b.rb", good).is_empty(), "{:?}", lines("b.rb", good));
    // A dialogue with whoever sets it up, not a log.
    let dialogue = "def self.set_up\n  code = gets.chomp\n  puts \"token: #{token}\"\nend\n";
    assert!(lines("c.rb", dialogue).is_empty(), "{:?}", lines("c.rb", dialogue));
    let php = "<?php\nLog::info('x', ['t' => $token]);\nLog::error(sprintf('Token is %s', $token));\n\
               $this->logger->info(\"p $password\");\nLog::debug($request->all());\nerror_log($request->input('password'));\n";
    assert_eq!(lines("a.php", php), [2, 3, 4, 5, 6]);
    let good = "<?php\nLog::info('token wrong');\nLog::info(strlen($token));\nLog::info('x', ['id' => $token->id]);\n";
    assert!(lines("b.php", good).is_empty(), "{:?}", lines("b.php", good));
}

#[test]
fn compiled_languages() {
    let go = "package a\nfunc f() {\n\tlog.Printf(\"t %s\", token)\n\tslog.Info(\"x\", \"p\", user.Password)\n\
              \tlogger.Info(\"n\", zap.String(\"k\", apiKey))\n\tslog.Info(\"x\", \"n\", len(token))\n\
              \tlog.Printf(\"%v\", ErrInvalidToken)\n}\n";
    assert_eq!(lines("a.go", go), [3, 4, 5]);
    let java = "class A { void f() {\n log.info(\"t {}\", token);\n logger.debug(\"p \" + user.getPassword());\n\
                log.info(\"t {}\", token.length());\n log.warn(\"password wrong\");\n } }\n";
    assert_eq!(lines("A.java", java), [2, 3]);
    let csharp = "class A { void F() {\n _logger.LogInformation(\"t {T}\", token);\n Console.WriteLine($\"p {password}\");\n\
                  _logger.LogWarning(\"t {T}\", truncatedSecret);\n } }\n";
    assert_eq!(lines("A.cs", csharp), [2, 3]);
    let rust = "fn f() {\n info!(\"t {}\", token);\n println!(\"p {password}\");\n info!(\"n {}\", token.len());\n\
                tracing::debug!(password = 1, \"x\");\n}\n";
    assert_eq!(lines("a.rs", rust), [2, 3]);
    let elixir = "defmodule A do\n def f(token) do\n Logger.info(\"t #{token}\")\n IO.inspect(params)\n\
                  Logger.info(\"token #{token.id}\")\n end\nend\n";
    assert_eq!(lines("a.ex", elixir), [3, 4]);
}
