impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        match self {
            AppError::Order(message) => (StatusCode::BAD_REQUEST, message.to_string()),
            AppError::Other(err) => (StatusCode::INTERNAL_SERVER_ERROR, err.to_string()), // leak
        }.into_response()
    }
}
