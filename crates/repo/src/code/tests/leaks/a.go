package main
var app = fiber.New(fiber.Config{
	ErrorHandler: func(c *fiber.Ctx, err error) error {
		code := fiber.StatusInternalServerError
		log.Println(err.Error())
		if e, ok := err.(*fiber.Error); ok { return c.Status(e.Code).JSON(fiber.Map{"error": err.Error()}) }
		return c.Status(code).JSON(fiber.Map{"error": err.Error()}) // leak
	},
})
