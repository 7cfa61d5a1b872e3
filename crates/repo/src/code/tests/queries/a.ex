defmodule ShopWeb.OrderController do
  def index(conn, _) do
    orders = Repo.all(Order)
    Enum.map(orders, fn o -> Repo.get(Customer, o.customer_id) end) # loop, request
    orders |> Enum.each(fn o -> Repo.preload(o, :customer) end) # loop, request
    for o <- orders do
      Repo.get!(Customer, o.id) # loop, request
    end
    Enum.map(Repo.all(Order), fn o -> o.id end)
    Enum.map(orders, &Repo.get(Customer, &1.id)) # loop, request
  end
end
