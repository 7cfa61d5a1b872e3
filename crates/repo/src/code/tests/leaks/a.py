@app.exception_handler(Exception)
async def any(request, exc):
    log.error(str(exc))
    return JSONResponse(status_code=500, content={"error": str(exc)}) # leak
@app.exception_handler(OrderError)
async def own(request, exc):
    return JSONResponse(status_code=500, content={"error": str(exc)})
@app.errorhandler(Exception)
def flask(e):
    if isinstance(e, HTTPException):
        return jsonify(error=str(e)), e.code
    return jsonify(error=str(e)), 500 # leak
