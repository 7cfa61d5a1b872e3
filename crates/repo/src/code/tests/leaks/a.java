@RestControllerAdvice
class H {
    @ExceptionHandler(Exception.class)
    ResponseEntity<Body> any(Exception ex) {
        log.error(ex.getMessage(), ex);
        return ResponseEntity.status(500).body(new Body(ex.getMessage())); // leak
    }
    @ExceptionHandler(OrderException.class)
    ResponseEntity<Body> own(OrderException ex) {
        return ResponseEntity.status(500).body(new Body(ex.getMessage()));
    }
    @ExceptionHandler
    ResponseEntity<Body> bare(RuntimeException ex) {
        return ResponseEntity.internalServerError().body(new Body(ex.getMessage())); // leak
    }
}
