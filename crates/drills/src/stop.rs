//! Why a drill ends before its conclusion.

/// Why a drill ends early.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// Somebody asked it to stop.
    #[error("interrupted; everything that the drill had started and written was removed")]
    Interrupted,
    /// It was asked for something that makes no sense, or is not allowed.
    #[error("{0}")]
    Usage(String),
    /// Something of this machine kept it from concluding: a program that is missing, a full disk. Says nothing about the
    /// artefact.
    #[error("{0}")]
    CouldNot(String),
    /// The artefact is no good. This is a conclusion.
    #[error("{0}")]
    Refused(String),
    /// To go on, a command of the configuration must run, and nobody agreed to that.
    #[error("{0}")]
    Asks(String),
}

impl Stop {
    /// Something of this machine is in the way.
    pub fn could_not(why: impl Into<String>) -> Stop {
        Stop::CouldNot(why.into())
    }

    /// The artefact is no good.
    pub fn refused(why: impl Into<String>) -> Stop {
        Stop::Refused(why.into())
    }
}
