def index(request):
    for o in Order.objects.all():
        c = Customer.objects.filter(id=o.c).first() # loop, request
        n = o.line_set.count() # loop, request
    for c in chunked(x, 3):
        Order.objects.get(x)
    for k in [1,2]:
        Order.objects.get(x)
    xs = [Customer.objects.get(id=o.c) for o in orders] # loop, request
    for x in Order.objects.filter(a=1).first(): pass
def s(db):
    for o in db.scalars(select(O)):
        db.get(C, o.id) # loop
        db.execute(select(O).where(O.id == o.id)).scalars().all() # loop
        db.execute(update(O))
        session.query(A).filter(b=o).delete()
        session.query(A).filter(b=o).one() # loop
        User.query.filter_by(id=o.id).first() # loop
def h(request):
    kinds = ["a", "b"]
    for k in kinds:
        Order.objects.get(x)
    got = []
    for k in got:
        Order.objects.get(x) # loop, request
def find(request):
    for k in kinds_of(request):
        return Order.objects.get(x)
    return [Order.objects.get(x) for x in xs] # loop, request
