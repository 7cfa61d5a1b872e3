use serde::{Deserialize, Serialize};

use crate::*;

/// What browsers are sent: images, bundles, and how long they may keep them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Assets {
    /// Raster images in folders that are served.
    pub images: u64,
    /// The first image (of any kind) in such a folder.
    pub first_image: Option<Location>,
    /// Raster images over 500 kB.
    pub large_images: Vec<LargeImage>,
    /// Production builds of front-end code: package scripts, commands of images and pipelines.
    pub builds: Vec<AssetBuild>,
    /// Settings that keep a production build from being small (`minify: false`, `mode: "development"`).
    pub unminified: Vec<Observed<String>>,
    /// Scripts and style sheets in served folders that are sent as they are written.
    pub plain_sources: PlainSources,
    /// HTTP caching that is switched on: headers with an age, a proxy's cache, `expires`.
    pub caching: Vec<Observed<String>>,
}

/// A raster image that is too large to be sent to everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LargeImage {
    /// The file.
    pub at: Location,
    /// Its size in bytes.
    pub bytes: u64,
    /// It is served: its folder is a web server's, or the code that ships names it.
    pub served: Option<Location>,
}

/// A production build of front-end code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetBuild {
    /// The tool (`Vite`, `webpack`, `Rails assets`, …).
    pub tool: String,
    /// The command.
    pub command: String,
    /// Where it is written.
    pub at: Location,
}

/// Scripts and style sheets that are sent as they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlainSources {
    /// How many files.
    pub files: u64,
    /// How many bytes.
    pub bytes: u64,
    /// The largest.
    pub largest: Option<Location>,
}
