use serde::{Deserialize, Serialize};

use crate::*;

/// Container images that are named anywhere.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Containers {
    /// Each reference.
    pub images: Vec<ImageReference>,
    /// Package installs while an image is built that choose versions themselves.
    pub floating_installs: Vec<Observed<String>>,
}

/// A reference to an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageReference {
    /// The reference with build arguments put in, as far as known.
    pub reference: String,
    /// The name without tag and digest.
    pub name: String,
    /// The tag.
    pub tag: Option<String>,
    /// The digest.
    pub digest: Option<String>,
    /// Where it is used.
    pub role: ImageRole,
    /// Where.
    pub at: Location,
    /// It is for development only.
    pub development: bool,
    /// It cannot be told, because it comes from a variable without a default.
    pub variable: bool,
    /// It is the application's own image (built here), not somebody else's.
    pub own: bool,
}

/// What an image is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageRole {
    /// `FROM` of the stage that ships.
    Base,
    /// `FROM` of a stage that only builds.
    BuildStage,
    /// A service of a Compose file.
    Compose,
    /// A container of a Kubernetes object or Helm values.
    Kubernetes,
    /// A job's container or service in CI.
    Ci,
    /// Somewhere else (Terraform, ECS, …).
    Other,
}
