package main
import "gorm.io/gorm"
func list(c *gin.Context) {
	db.Find(&orders)
	for _, o := range orders {
		db.First(&cu, o.CustomerID) // loop, request
		h.db.Where("id = ?", o.ID).First(&cu) // loop, request
		db.QueryRow("SELECT 1 FROM a WHERE id = $1", o.ID).Scan(&x) // loop, request
		tx.QueryRow("INSERT INTO a", o.ID)
	}
	for rows.Next() { db.Get(&x, "SELECT", 1) } // loop, request
	for _, k := range []string{"a"} { db.First(&k) }
	for i := 0; i < 3; i++ { db.First(&k) }
}
