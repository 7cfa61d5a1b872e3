import { prisma } from './prisma'
export async function GET(req: Request) {
  const orders = await prisma.order.findMany()
  for (const o of orders) {
    o.c = await prisma.customer.findUnique({ where: { id: o.customerId } }) // loop, request
  }
  await Promise.all(orders.map(async (o) => prisma.customer.findUnique({ where: { id: o.id } })))
  await Promise.all(orders.map(async (o) => prisma.line.findMany({ where: { id: o.id } }))) // loop, request
  for (const x of await prisma.order.findMany()) { x.a() }
  for (const b of batches) { await prisma.line.findMany({ where: { id: { in: b } } }) }
}
export async function service(a: A) {
  for (const o of a.items) {
    const { data } = await supabase.from('x').select('*').eq('id', o.id).single() // loop
    await supabase.from('x').insert({}).select()
    await knex('a').where({ id: o.id }).first() // loop
    await knex('a').where({ id: o.id }).update({})
    await pool.query('SELECT * FROM a WHERE id = $1', [o.id]) // loop
    await pool.query('INSERT INTO a VALUES ($1)', [o.id])
  }
}
export async function POST(req: Request) {
  const kinds = ['a', 'b']
  for (const k of kinds) { await prisma.a.count({ where: { k } }) }
  for (const k of ['a', 'b'] as const) { await prisma.a.count({ where: { k } }) }
  const xs: string[] = []
  for (const k of xs) { await prisma.a.count({ where: { k } }) } // loop, request
}
