//! Own handshakes, so that what is seen is the server and not the opinion of a client library.
