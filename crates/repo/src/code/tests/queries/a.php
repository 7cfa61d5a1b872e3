<?php
class OrderController extends Controller {
  public function index(Request $request) {
    foreach ($orders as $order) {
      $c = Customer::find($order->customer_id); // loop, request
      $n = Line::where('order_id', $order->id)->count(); // loop, request
      $k = $order->lines()->count(); // loop, request
      $d = DB::table('x')->where('a', $order->id)->first(); // loop, request
    }
    $orders->map(fn ($o) => Customer::findOrFail($o->id)); // loop, request
    $orders->map(function ($o) { return $o->lines()->where('a', 1)->get(); }); // loop, request
    foreach ($orders as $order) {
      $kept[$order->a] ??= Customer::find($order->a);
      if ($order->b) { return Customer::find($order->b); }
    }
    foreach (['a', 'b'] as $k) { Customer::find($k); }
    Customer::find(1);
    foreach (Customer::where('a', 1)->get() as $c) { $c->save(); }
  }
}
