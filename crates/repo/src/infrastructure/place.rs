//! What a path says about the environment that its file describes.

/// The environment that a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Where people use the system.
    Production,
    /// Development, tests, staging: not where people use it.
    Other,
}

/// The environment that a path names, if it names one. The innermost part that does decides.
pub fn environment(path: &str) -> Option<Environment> {
    path.rsplit('/').find_map(|part| {
        part.split(|c: char| !c.is_ascii_alphanumeric()).find_map(|word| {
            Some(match word.to_ascii_lowercase().as_str() {
                "prod" | "production" | "prd" | "live" => Environment::Production,
                "dev" | "develop" | "development" | "local" | "localhost" | "override" | "test" | "tests"
                | "testing" | "ci" | "debug" | "e2e" | "sandbox" | "qa" | "staging" | "stage" | "stg"
                | "uat" | "preprod" | "preview" | "minikube" | "kind" | "k3d" | "demo" | "example"
                | "examples" => Environment::Other,
                _ => return None,
            })
        })
    })
}

/// Whether a file describes something that is not production.
pub fn is_development(path: &str) -> bool {
    environment(path) == Some(Environment::Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_word_decides() {
        assert_eq!(environment("envs/prod/main.tf"), Some(Environment::Production));
        assert_eq!(environment("dev/k8s/overlays/prod/x.yaml"), Some(Environment::Production));
        assert!(is_development("terraform/environments/staging/main.tf"));
        assert!(is_development("compose.dev.yml") && !is_development("infra/main.tf"));
        assert_eq!(environment("devices/main.tf"), None);
    }
}
