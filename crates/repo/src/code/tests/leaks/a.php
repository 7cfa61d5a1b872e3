<?php
class Handler extends ExceptionHandler {
    public function render($request, Throwable $e): Response {
        if ($e instanceof OrderException) {
            return response()->json(['message' => $e->getMessage()], 400);
        }
        if (config('app.debug')) {
            return response()->json(['message' => $e->getMessage()], 500);
        }
        return response()->json(['message' => $e->getMessage()], 500); // leak
    }
}
