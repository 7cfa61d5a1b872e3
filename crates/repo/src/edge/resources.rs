//! What infrastructure code says: content delivery networks, load balancers, ingresses, proxies in Compose, platform files.

use seaworthy_facts::{
    Certificate, Edge, HeaderScope, HeaderValue, HttpsRedirect, Infrastructure, InfrastructureTool, Layer,
    Listener, Location, Resource, ResponseHeader, Setting, TlsProtocols,
};

use super::application::known;

/// Reads the resources that ship.
pub fn read(infrastructure: &Infrastructure, edge: &mut Edge) {
    let headers_policies_used = infrastructure.of("aws_cloudfront_distribution").any(|distribution| {
        distribution.settings.iter().any(|setting| setting.path.contains("response_headers_policy_id"))
    });
    for resource in infrastructure.resources.iter().filter(|resource| resource.ships()) {
        match resource.kind.as_str() {
            "aws_cloudfront_distribution" | "AWS::CloudFront::Distribution" => cloudfront(resource, edge),
            "aws_cloudfront_response_headers_policy" if headers_policies_used => {
                cloudfront_headers(resource, edge)
            }
            "aws_lb_listener" | "aws_alb_listener" | "AWS::ElasticLoadBalancingV2::Listener" => {
                listener(resource, edge)
            }
            "aws_acm_certificate" | "AWS::CertificateManager::Certificate" => {
                let imported = get(resource, "certificate_body").is_some();
                certificate(
                    edge,
                    if imported { "an imported ACM certificate" } else { "ACM" },
                    !imported,
                    &resource.at,
                );
            }
            "google_compute_managed_ssl_certificate" | "ManagedCertificate" => {
                certificate(edge, "a Google-managed certificate", true, &resource.at)
            }
            "azurerm_app_service_managed_certificate" => {
                certificate(edge, "an Azure-managed certificate", true, &resource.at)
            }
            "ClusterIssuer" | "Issuer" | "Certificate" => {
                certificate(edge, "cert-manager", true, &resource.at)
            }
            "google_compute_ssl_policy" => {
                if let Some(version) = get(resource, "min_tls_version") {
                    protocols(edge, "google_compute_ssl_policy", version);
                }
            }
            "aws_apigatewayv2_domain_name" | "aws_api_gateway_domain_name" => {
                if let Some(policy) = get(resource, "security_policy") {
                    protocols(edge, "API Gateway security_policy", policy);
                }
            }
            "cloudflare_zone_settings_override" => cloudflare(resource, edge),
            "Ingress" => ingress(resource, edge),
            "ConfigMap" | "chart:ingress-nginx" => super::ingress_nginx::read(resource, infrastructure, edge),
            "IngressRoute"
                if resource.settings.iter().any(|setting| setting.path.contains("certResolver")) =>
            {
                certificate(edge, "a Traefik certificate resolver", true, &resource.at);
            }
            "Middleware" => traefik_middleware(resource, edge),
            "fly" => fly(resource, edge),
            "kamal" => kamal(resource, edge),
            "service" if resource.tool == InfrastructureTool::Compose => compose(resource, edge),
            kind if kind.starts_with("azurerm_") => azure(resource, edge),
            _ => {}
        }
    }
}

/// A path without the places in lists.
fn plain(path: &str) -> String {
    path.split('.')
        .filter(|part| part.parse::<u32>().is_err())
        .collect::<Vec<_>>()
        .join(".")
        .to_ascii_lowercase()
}

/// The first setting whose path ends so, places in lists left out.
fn get<'r>(resource: &'r Resource, end: &str) -> Option<&'r Setting> {
    resource.settings.iter().find(|setting| {
        let path = plain(&setting.path);
        path == end || path.strip_suffix(end).is_some_and(|before| before.ends_with('.'))
    })
}

fn text(setting: Option<&Setting>) -> &str {
    setting.and_then(|setting| setting.value.as_deref()).unwrap_or_default()
}

fn certificate(edge: &mut Edge, by: &str, renewed: bool, at: &Location) {
    edge.certificates.push(Certificate { by: by.to_owned(), renewed, at: at.clone() });
}

fn redirect(edge: &mut Edge, by: &str, permanent: bool, off: bool, at: &Location) {
    edge.redirects.push(HttpsRedirect { by: by.to_owned(), permanent, off, switch: None, at: at.clone() });
}

/// A version or a policy that names one.
fn protocols(edge: &mut Edge, by: &str, setting: &Setting) {
    let Some(value) = setting.value.as_deref() else { return };
    if let Some(oldest) = oldest(value) {
        edge.protocols.push(TlsProtocols { by: format!("{by} {value}"), oldest, at: setting.at.clone() });
    }
}

/// The oldest version of a named policy.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html>,
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html>
fn oldest(value: &str) -> Option<u8> {
    if let Some(policy) = value.strip_prefix("ELBSecurityPolicy-") {
        return Some(if policy.starts_with("TLS13-1-3") {
            13
        } else if policy.starts_with("TLS13-1-2")
            || policy.starts_with("TLS-1-2")
            || policy.starts_with("FS-1-2")
        {
            12
        } else if policy.starts_with("TLS13-1-1")
            || policy.starts_with("TLS-1-1")
            || policy.starts_with("FS-1-1")
        {
            11
        } else {
            10
        });
    }
    let version = value
        .split_once('_')
        .filter(|(_, year)| year.len() == 4 && year.starts_with("20"))
        .map_or(value, |(version, _)| version);
    let version = version.strip_prefix("TLS_").unwrap_or(version);
    super::tls_version(version)
}

fn cloudfront(resource: &Resource, edge: &mut Edge) {
    let mut any = false;
    for setting in resource.settings.iter().filter(|setting| {
        let path = plain(&setting.path);
        path.ends_with("viewer_protocol_policy") || path.ends_with("viewerprotocolpolicy")
    }) {
        let value = setting.value.as_deref().unwrap_or_default();
        match value {
            "redirect-to-https" if !any => {
                any = true;
                redirect(edge, "CloudFront redirect-to-https", true, false, &setting.at);
                edge.listeners.push(Listener {
                    what: "CloudFront".to_owned(),
                    tls: true,
                    plain_content: false,
                    beside_tls: false,
                    at: setting.at.clone(),
                });
            }
            "https-only" => edge.listeners.push(Listener {
                what: "CloudFront".to_owned(),
                tls: true,
                plain_content: false,
                beside_tls: false,
                at: setting.at.clone(),
            }),
            "allow-all" => edge.listeners.push(Listener {
                what: "CloudFront with viewer_protocol_policy allow-all".to_owned(),
                tls: false,
                plain_content: true,
                beside_tls: false,
                at: setting.at.clone(),
            }),
            _ => {}
        }
    }
    // CloudFront has a certificate of ACM or its own; both are renewed by AWS.
    let viewer = resource.settings.iter().find(|setting| plain(&setting.path).contains("viewer"));
    certificate(
        edge,
        "CloudFront's or ACM's certificate",
        true,
        viewer.map_or(&resource.at, |setting| &setting.at),
    );
    let version =
        get(resource, "minimum_protocol_version").or_else(|| get(resource, "minimumprotocolversion"));
    match version {
        Some(version) => protocols(edge, "CloudFront", version),
        // <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/distribution-web-values-specify.html>
        None => edge.protocols.push(TlsProtocols {
            by: "CloudFront without a minimum version (TLSv1)".to_owned(),
            oldest: 10,
            at: resource.at.clone(),
        }),
    }
}

fn cloudfront_headers(resource: &Resource, edge: &mut Edge) {
    let mut push = |name: &str, value: String, at: &Location| {
        edge.headers.push(ResponseHeader {
            name: name.to_owned(),
            value: HeaderValue::Text(value),
            scope: HeaderScope::Everywhere,
            set_by: "CloudFront response headers policy".to_owned(),
            layer: Layer::Platform,
            at: at.clone(),
            switch: None,
            lost: Vec::new(),
            unused: None,
        });
    };
    if let Some(age) = get(resource, "strict_transport_security.access_control_max_age_sec") {
        let domains = if text(get(resource, "strict_transport_security.include_subdomains")) == "true" {
            "; includeSubDomains"
        } else {
            ""
        };
        push("strict-transport-security", format!("max-age={}{domains}", text(Some(age))), &age.at);
    }
    if let Some(options) = resource
        .settings
        .iter()
        .find(|setting| plain(&setting.path).contains("security_headers_config.content_type_options"))
    {
        push("x-content-type-options", "nosniff".to_owned(), &options.at);
    }
    if let Some(frame) = get(resource, "frame_options.frame_option") {
        push("x-frame-options", text(Some(frame)).to_owned(), &frame.at);
    }
    if let Some(referrer) = get(resource, "referrer_policy.referrer_policy") {
        push("referrer-policy", text(Some(referrer)).to_owned(), &referrer.at);
    }
    if let Some(policy) = get(resource, "content_security_policy.content_security_policy") {
        push("content-security-policy", policy.value.clone().unwrap_or_else(|| "…".to_owned()), &policy.at);
    }
    if let Some(protection) = get(resource, "xss_protection.protection") {
        let block = text(get(resource, "xss_protection.mode_block")) == "true";
        let value = match (text(Some(protection)), block) {
            ("false", _) => "0",
            (_, true) => "1; mode=block",
            _ => "1",
        };
        push("x-xss-protection", value.to_owned(), &protection.at);
    }
    // Other headers: `custom_headers_config { items { header, value } }`.
    for setting in resource
        .settings
        .iter()
        .filter(|setting| plain(&setting.path).ends_with("custom_headers_config.items.header"))
    {
        let Some(name) = setting.value.as_deref().and_then(known) else { continue };
        let beside =
            setting.path.rsplit_once('.').map(|(before, _)| format!("{before}.value")).unwrap_or_default();
        if let Some(value) =
            resource.settings.iter().find(|other| other.path == beside).and_then(|other| other.value.clone())
        {
            push(name, value, &setting.at);
        }
    }
}

fn listener(resource: &Resource, edge: &mut Edge) {
    let protocol = text(get(resource, "protocol")).to_ascii_uppercase();
    match protocol.as_str() {
        "HTTPS" | "TLS" => {
            edge.listeners.push(Listener {
                what: "load balancer listener".to_owned(),
                tls: true,
                plain_content: false,
                beside_tls: false,
                at: resource.at.clone(),
            });
            if let Some(arn) =
                get(resource, "certificate_arn").or_else(|| get(resource, "certificates.certificatearn"))
            {
                certificate(
                    edge,
                    "the load balancer's ACM certificate",
                    !text(Some(arn)).contains(":iam:"),
                    &arn.at,
                );
            }
            match get(resource, "ssl_policy").or_else(|| get(resource, "sslpolicy")) {
                Some(policy) => protocols(edge, "load balancer", policy),
                // <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/lb_listener#ssl_policy>
                None => edge.protocols.push(TlsProtocols {
                    by: "a load balancer without ssl_policy (ELBSecurityPolicy-2016-08)".to_owned(),
                    oldest: 10,
                    at: resource.at.clone(),
                }),
            }
        }
        "HTTP" => {
            let to_tls = get(resource, "redirect.protocol")
                .or_else(|| get(resource, "redirectconfig.protocol"))
                .is_some_and(|to| text(Some(to)) == "HTTPS");
            let status = text(
                get(resource, "redirect.status_code").or_else(|| get(resource, "redirectconfig.statuscode")),
            );
            if to_tls {
                redirect(edge, "load balancer redirect", status == "HTTP_301", false, &resource.at);
            } else {
                edge.listeners.push(Listener {
                    what: "a load balancer's plain HTTP listener".to_owned(),
                    tls: false,
                    plain_content: true,
                    beside_tls: false,
                    at: resource.at.clone(),
                });
            }
        }
        _ => {}
    }
}

fn cloudflare(resource: &Resource, edge: &mut Edge) {
    if let Some(version) = get(resource, "settings.min_tls_version") {
        protocols(edge, "Cloudflare min_tls_version", version);
    }
    if let Some(always) = get(resource, "settings.always_use_https") {
        redirect(edge, "Cloudflare always_use_https", true, text(Some(always)) != "on", &always.at);
    }
}

fn azure(resource: &Resource, edge: &mut Edge) {
    if resource.kind == "azurerm_container_app" {
        return container_app(resource, edge);
    }
    if !(resource.kind.contains("web_app")
        || resource.kind.contains("app_service")
        || resource.kind.contains("function_app")
        || resource.kind.contains("cdn"))
    {
        return;
    }
    if let Some(version) =
        get(resource, "site_config.minimum_tls_version").or_else(|| get(resource, "tls.minimum_tls_version"))
    {
        protocols(edge, "Azure minimum_tls_version", version);
    }
    if let Some(only) = get(resource, "https_only") {
        redirect(edge, "Azure https_only", true, text(Some(only)) == "false", &only.at);
    }
}

/// Container Apps redirect plain HTTP to HTTPS unless insecure connections are allowed:
/// <https://learn.microsoft.com/azure/container-apps/ingress-overview#http>.
fn container_app(resource: &Resource, edge: &mut Edge) {
    let outside = text(get(resource, "ingress.external_enabled")) == "true";
    if !outside || text(get(resource, "ingress.transport")) == "tcp" {
        return;
    }
    let allowed = get(resource, "ingress.allow_insecure_connections");
    let off = match allowed.map(|setting| setting.value.as_deref()) {
        Some(None) => return,
        Some(Some(value)) => value == "true",
        None => false,
    };
    let at = allowed.map_or(&resource.at, |setting| &setting.at);
    redirect(edge, "Azure Container Apps", true, off, at);
}

fn annotation<'r>(resource: &'r Resource, name: &str) -> Option<&'r Setting> {
    let path = format!("metadata.annotations.{name}");
    resource.settings.iter().find(|setting| setting.path == path)
}

fn ingress(resource: &Resource, edge: &mut Edge) {
    let tls = resource.settings.iter().any(|setting| setting.path.starts_with("spec.tls"));
    for name in [
        "cert-manager.io/cluster-issuer",
        "cert-manager.io/issuer",
        "kubernetes.io/tls-acme",
        "networking.gke.io/managed-certificates",
    ] {
        if let Some(setting) = annotation(resource, name) {
            certificate(
                edge,
                if name.contains("gke") { "a Google-managed certificate" } else { "cert-manager" },
                true,
                &setting.at,
            );
        }
    }
    if let Some(arn) = annotation(resource, "alb.ingress.kubernetes.io/certificate-arn") {
        certificate(edge, "the load balancer's ACM certificate", true, &arn.at);
    }
    if let Some(policy) = annotation(resource, "alb.ingress.kubernetes.io/ssl-policy") {
        protocols(edge, "load balancer", policy);
    }
    if let Some(setting) = annotation(resource, "alb.ingress.kubernetes.io/ssl-redirect") {
        redirect(edge, "load balancer ssl-redirect", true, false, &setting.at);
    }
    let ports = annotation(resource, "alb.ingress.kubernetes.io/listen-ports");
    let only_tls = ports
        .is_some_and(|ports| text(Some(ports)).contains("HTTPS") && !text(Some(ports)).contains("\"HTTP\""));
    if tls || only_tls {
        edge.listeners.push(Listener {
            what: format!("ingress {}", resource.name),
            tls: true,
            plain_content: false,
            beside_tls: false,
            at: resource.at.clone(),
        });
    }
    let class = text(
        annotation(resource, "kubernetes.io/ingress.class")
            .or_else(|| get(resource, "spec.ingressclassname")),
    );
    let switched = annotation(resource, "nginx.ingress.kubernetes.io/ssl-redirect");
    let off = text(switched) == "false"
        && text(annotation(resource, "nginx.ingress.kubernetes.io/force-ssl-redirect")) != "true";
    // <https://kubernetes.github.io/ingress-nginx/user-guide/tls/>: 308 where TLS is on, TLS 1.2 and 1.3.
    if class.contains("nginx") && tls {
        redirect(
            edge,
            "ingress-nginx ssl-redirect",
            true,
            off,
            switched.map_or(&resource.at, |setting| &setting.at),
        );
        edge.protocols.push(TlsProtocols {
            by: "ingress-nginx' default (TLS 1.2 and 1.3)".to_owned(),
            oldest: 12,
            at: resource.at.clone(),
        });
    }
    for name in
        ["nginx.ingress.kubernetes.io/configuration-snippet", "nginx.ingress.kubernetes.io/server-snippet"]
    {
        let Some(snippet) = annotation(resource, name) else { continue };
        super::ingress_nginx::snippet(snippet, "an ingress snippet", edge);
    }
}

/// Traefik's headers middleware, as labels, as a dynamic file or as an object.
fn traefik_header(key: &str, value: &str, at: &Location, edge: &mut Edge) {
    let lower = key.to_ascii_lowercase();
    let Some((before, option)) = lower.rsplit_once("headers.") else { return };
    let (name, value) = match option {
        "stsseconds" => ("strict-transport-security", format!("max-age={value}")),
        "framedeny" if value == "true" => ("x-frame-options", "DENY".to_owned()),
        "customframeoptionsvalue" => ("x-frame-options", value.to_owned()),
        "contenttypenosniff" if value == "true" => ("x-content-type-options", "nosniff".to_owned()),
        "browserxssfilter" if value == "true" => ("x-xss-protection", "1; mode=block".to_owned()),
        "custombrowserxssvalue" => ("x-xss-protection", value.to_owned()),
        "contentsecuritypolicy" => ("content-security-policy", value.to_owned()),
        "referrerpolicy" => ("referrer-policy", value.to_owned()),
        "permissionspolicy" => ("permissions-policy", value.to_owned()),
        other => match known(other).filter(|_| before.ends_with("customresponse")) {
            Some(name) => (name, value.to_owned()),
            None => return,
        },
    };
    edge.headers.push(ResponseHeader {
        name: name.to_owned(),
        value: HeaderValue::Text(value),
        scope: HeaderScope::Everywhere,
        set_by: "Traefik headers middleware".to_owned(),
        layer: Layer::Proxy,
        at: at.clone(),
        switch: None,
        lost: Vec::new(),
        unused: None,
    });
}

fn traefik_middleware(resource: &Resource, edge: &mut Edge) {
    for setting in &resource.settings {
        if let (Some(option), Some(_)) = (setting.path.strip_prefix("spec.headers."), &setting.value) {
            let value = super::traefik::with_domains(setting, &resource.settings);
            traefik_header(&format!("headers.{option}"), &value, &setting.at, edge);
        }
    }
    if let Some(scheme) =
        resource.get("spec.redirectScheme.scheme").filter(|scheme| text(Some(scheme)) == "https")
    {
        let permanent = text(resource.get("spec.redirectScheme.permanent")) == "true";
        redirect(edge, "Traefik redirectScheme", permanent, false, &scheme.at);
    }
}

/// `fly.toml`: <https://fly.io/docs/reference/configuration/>
fn fly(resource: &Resource, edge: &mut Edge) {
    for setting in resource.settings.iter().filter(|setting| setting.path.ends_with("force_https")) {
        redirect(edge, "Fly force_https", true, text(Some(setting)) != "true", &setting.at);
    }
    let versions: Vec<&Setting> =
        resource.settings.iter().filter(|setting| setting.path.contains("tls_options.versions")).collect();
    // Services with a list of handlers end TLS at the same proxy as `http_service`.
    let service = resource.settings.iter().find(|setting| {
        setting.path.starts_with("http_service")
            || setting.path.contains("handlers") && setting.value.as_deref() == Some("tls")
    });
    match (versions.first(), service) {
        (Some(first), _) => {
            if let Some(oldest) =
                versions.iter().filter_map(|setting| oldest(setting.value.as_deref()?)).min()
            {
                edge.protocols.push(TlsProtocols {
                    by: "Fly tls_options".to_owned(),
                    oldest,
                    at: first.at.clone(),
                });
            }
        }
        (None, Some(service)) => edge.protocols.push(TlsProtocols {
            by: "Fly's default (TLS 1.2 and 1.3)".to_owned(),
            oldest: 12,
            at: service.at.clone(),
        }),
        (None, None) => {}
    }
}

/// Kamal's proxy: <https://kamal-deploy.org/docs/configuration/proxy/>
fn kamal(resource: &Resource, edge: &mut Edge) {
    let Some(ssl) = resource.get("proxy.ssl") else { return };
    if text(Some(ssl)) == "true" {
        certificate(edge, "Kamal's proxy", true, &ssl.at);
        let off = resource.get("proxy.ssl_redirect").is_some_and(|redirect| text(Some(redirect)) == "false");
        redirect(edge, "Kamal's proxy", true, off, &ssl.at);
        edge.protocols.push(TlsProtocols {
            by: "Kamal's proxy (Go's default, TLS 1.2)".to_owned(),
            oldest: 12,
            at: ssl.at.clone(),
        });
    }
}

/// Labels and commands of Compose services.
fn compose(resource: &Resource, edge: &mut Edge) {
    let image = text(resource.get("image"));
    let is_traefik = image.contains("traefik");
    for setting in &resource.settings {
        let value = setting.value.as_deref().unwrap_or_default();
        let label = if let Some(rest) =
            setting.path.strip_prefix("labels.").or_else(|| setting.path.strip_prefix("deploy.labels."))
        {
            if rest.parse::<u32>().is_ok() { value.to_owned() } else { format!("{rest}={value}") }
        } else if is_traefik && setting.path.starts_with("command") {
            value.trim_start_matches('-').to_owned()
        } else {
            continue;
        };
        for part in label
            .split_whitespace()
            .filter(|part| part.contains('='))
            .take(100)
            .chain(std::iter::once(label.as_str()))
        {
            traefik_option(part.trim_start_matches('-'), &setting.at, edge);
        }
    }
    for known in
        ["acme-companion", "linuxserver/swag", "caddy-docker-proxy", "letsencrypt-nginx-proxy-companion"]
    {
        if image.contains(known) {
            certificate(edge, known, true, &resource.at);
        }
    }
    let ports: Vec<&Setting> =
        resource.settings.iter().filter(|setting| setting.path.starts_with("ports.")).collect();
    if let Some(port) = ports.iter().find(|port| is_public(text(Some(port)))) {
        let proxy = ["traefik", "caddy", "nginx", "haproxy", "swag", "envoy", "apache", "httpd"]
            .iter()
            .any(|name| image.contains(name) || resource.name.contains(name));
        if !proxy {
            edge.listeners.push(Listener {
                what: format!("port {} of the Compose service {}", text(Some(port)), resource.name),
                tls: false,
                plain_content: true,
                beside_tls: false,
                at: port.at.clone(),
            });
        }
    }
}

/// Published on all interfaces: not bound to the machine itself.
fn is_public(port: &str) -> bool {
    port.contains(':')
        && !port.starts_with("127.")
        && !port.starts_with("localhost")
        && !port.starts_with("[::1]")
}

/// An option of Traefik, whether a label, a flag or a path of a file: `key=value`.
pub(super) fn traefik_option(option: &str, at: &Location, edge: &mut Edge) {
    let Some((key, value)) = option.split_once('=') else { return };
    let lower = key.to_ascii_lowercase();
    let value = value.trim_matches(['"', '\'']);
    if lower.contains("certresolver")
        || lower.starts_with("certificatesresolvers.") && lower.contains(".acme.email")
    {
        certificate(edge, "a Traefik certificate resolver", true, at);
        // <https://doc.traefik.io/traefik/https/tls/#minimum-tls-version>
        edge.protocols.push(TlsProtocols {
            by: "Traefik's default (TLS 1.2)".to_owned(),
            oldest: 12,
            at: at.clone(),
        });
    }
    let to_tls = lower.ends_with("redirections.entrypoint.to")
        || lower.ends_with("redirectscheme.scheme") && value == "https";
    if to_tls {
        // Redirections of entry points are permanent unless switched off; those of the middleware are not by default.
        let entry = lower.ends_with("entrypoint.to");
        redirect(edge, "Traefik redirect", entry, false, at);
    }
    if lower.ends_with("redirectscheme.permanent") && value == "true" {
        redirect(edge, "Traefik redirect", true, false, at);
    }
    if lower.contains("tls.options.")
        && lower.ends_with(".minversion")
        && let Some(oldest) = super::tls_version(value)
    {
        let by = format!("Traefik minVersion {value}");
        edge.protocols.push(TlsProtocols { by, oldest, at: at.clone() });
    }
    if lower.contains(".headers.") {
        traefik_header(key, value, at, edge);
    }
}
