async fn list(State(app): State<App>) -> Json<Vec<X>> {
    for o in &orders {
        let c = sqlx::query_as::<_, C>("SELECT * FROM c WHERE id = $1").bind(o.id).fetch_one(&app.db).await?; // loop, request
        let d = sqlx::query!("SELECT 1 FROM d WHERE id = $1", o.id).fetch_one(&db).await?; // loop, request
        let e = customers.filter(id.eq(o.id)).first::<C>(&mut conn)?; // loop, request
        sqlx::query("INSERT INTO x").execute(&db).await?;
        let f = customer::Entity::find_by_id(o.id).one(&db).await?; // loop, request
    }
    for b in ids.chunks(3) { sqlx::query("SELECT 1").fetch_all(&db); }
}
