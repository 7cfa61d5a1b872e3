/// Why a database could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The caller asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// The client program or the library could not be used.
    #[error("{0}")]
    Unusable(String),
    /// The database answered with an error.
    #[error("{0}")]
    Answered(String),
}
