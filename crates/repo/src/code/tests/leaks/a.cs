class Errors : IExceptionHandler {
    public async ValueTask<bool> TryHandleAsync(HttpContext http, Exception exception, CancellationToken stop) {
        _logger.LogError(exception.Message);
        if (exception is OrderException) { await http.Response.WriteAsJsonAsync(new { exception.Message }); return true; }
        http.Response.StatusCode = 500;
        await http.Response.WriteAsJsonAsync(new { error = exception.Message }); // leak
        return true;
    }
}
