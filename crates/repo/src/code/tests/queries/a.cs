[ApiController]
public class OrdersController : ControllerBase {
  public async Task<IActionResult> List() {
    foreach (var o in orders) {
      var c = await _context.Customers.FirstOrDefaultAsync(x => x.Id == o.CustomerId); // loop, request
      var d = await _context.Customers.Where(x => x.A).ToListAsync(); // loop, request
      var e = await _customerRepository.GetByIdAsync(o.Id); // loop, request
      _context.Customers.Add(d);
      var f = await _context.Customers.FindAsync(o.Id); // loop, request
    }
    foreach (var o in await _context.Orders.ToListAsync()) { o.A(); }
    return orders.Select(o => _context.A.First());
  }
}
