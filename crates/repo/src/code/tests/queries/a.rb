class OrdersController < ApplicationController
  def index
    @orders.each do |o|
      c = Customer.find(o.customer_id) # loop, request
      n = Line.where(order_id: o.id).count # loop, request
      m = o.lines.where(a: 1).count # loop, request
      k = o.lines.exists?(a: 1) # loop, request
    end
    @orders.map { |o| Customer.find_by(id: o.customer_id) } # loop, request
    %w[a b].each { |x| Customer.find_by(name: x) }
    TYPES.each { |x| Customer.find_by(name: x) }
    Customer.find(params[:id])
    foos.each { |x| Thing.find { |y| y == x } }
  end
end
