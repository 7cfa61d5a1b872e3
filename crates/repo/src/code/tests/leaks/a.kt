@RestControllerAdvice
class H {
    @ExceptionHandler(Exception::class)
    fun any(ex: Exception): ResponseEntity<Body> {
        logger.error(ex.message)
        return ResponseEntity.status(500).body(Body(ex.message)) // leak
    }
    @ExceptionHandler(OrderException::class)
    fun own(ex: OrderException): ResponseEntity<Body> {
        return ResponseEntity.status(500).body(Body(ex.message))
    }
}
