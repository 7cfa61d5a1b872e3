//! CI systems that are recognised but not read: an item that they could settle stays unknown.

use super::reader::Reader;

/// Path in the root and what it is.
const FILES: [(&str, &str); 28] = [
    ("azure-pipelines.yml", "Azure Pipelines"),
    ("azure-pipelines.yaml", "Azure Pipelines"),
    (".azure-pipelines.yml", "Azure Pipelines"),
    ("bitbucket-pipelines.yml", "Bitbucket Pipelines"),
    ("Jenkinsfile", "Jenkins"),
    (".travis.yml", "Travis CI"),
    (".buildkite/pipeline.yml", "Buildkite"),
    (".buildkite/pipeline.yaml", "Buildkite"),
    ("buildkite.yml", "Buildkite"),
    ("appveyor.yml", "AppVeyor"),
    (".appveyor.yml", "AppVeyor"),
    (".semaphore/semaphore.yml", "Semaphore"),
    (".cirrus.yml", "Cirrus CI"),
    (".cirrus.star", "Cirrus CI"),
    (".build.yml", "sourcehut builds"),
    (".build.yaml", "sourcehut builds"),
    ("cloudbuild.yaml", "Google Cloud Build"),
    ("cloudbuild.yml", "Google Cloud Build"),
    ("cloudbuild.json", "Google Cloud Build"),
    ("buildspec.yml", "AWS CodeBuild"),
    ("buildspec.yaml", "AWS CodeBuild"),
    ("codeship-steps.yml", "CodeShip"),
    ("wercker.yml", "Wercker"),
    ("bitrise.yml", "Bitrise"),
    ("codemagic.yaml", "Codemagic"),
    (".onedev-buildspec.yml", "OneDev"),
    ("dagger.json", "Dagger"),
    (".tekton/pipeline.yaml", "Tekton"),
];

/// Folder in the root and what is in it.
const FOLDERS: [(&str, &str); 5] = [
    (".teamcity", "TeamCity"),
    (".azure-pipelines", "Azure Pipelines"),
    (".azuredevops", "Azure Pipelines"),
    (".builds", "sourcehut builds"),
    (".tekton", "Tekton"),
];

/// Names what is there.
pub fn read(reader: &mut Reader) {
    let mut named: Vec<&str> = Vec::new();
    for (path, system) in FILES {
        if let Some(file) = reader.file(path) {
            named.push(system);
            reader.unread(format!("{system}, which this version does not read"), file.at());
        }
    }
    for (folder, system) in FOLDERS {
        let start = format!("{}{folder}/", reader.root.prefix);
        if named.contains(&system) {
            continue;
        }
        if let Some(file) = reader.tree.files().iter().find(|file| {
            file.path.starts_with(&start) && matches!(file.extension(), "yml" | "yaml" | "kts" | "kt" | "xml")
        }) {
            reader.unread(format!("{system}, which this version does not read"), file.at());
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::pipelines::test_support::collect_from;

    #[test]
    fn recognised_in_the_root_only() {
        let found = collect_from(&[
            ("azure-pipelines.yml", "trigger: [main]\n"),
            ("packages/x/.travis.yml", "language: c\n"),
            (".teamcity/settings.kts", "version = \"1\"\n"),
        ]);
        let seen: Vec<_> = found.unread.iter().map(|unread| unread.at.to_string()).collect();
        assert_eq!(seen, ["azure-pipelines.yml", ".teamcity/settings.kts"]);
        assert!(found.unread[0].what.contains("Azure Pipelines"));
    }
}
