@RestController
class A {
  @GetMapping
  List<X> list() {
    for (Order o : orders) {
      customerRepository.findById(o.getId()); // loop, request
      o.getB();
    }
    orders.stream().map(o -> customerRepository.findById(o.id())).toList(); // loop, request
    orders.stream().map(customerRepository::findById).toList(); // loop, request
    repo.findById(1).map(o -> customerRepository.findById(o.id()));
    for (Kind k : Kind.values()) { repo.countByKind(k); }
    for (X x : repo.findAll()) { x.a(); }
    ids.forEach(i -> { repo.existsById(i); }); // loop, request
  }
}
