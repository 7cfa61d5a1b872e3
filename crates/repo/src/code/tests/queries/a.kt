@RestController
class A {
  fun list(): List<X> {
    for (o in orders) {
      customerRepository.findById(o.id) // loop, request
    }
    orders.map { repo.findById(it.id) } // loop, request
    repo.findById(1).map { repo.findAll() }
    repo.findAll()
  }
}
