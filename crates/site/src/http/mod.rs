//! A client for HTTP/1.1 that sends exactly what it is told and keeps what it gets, within bounds.
