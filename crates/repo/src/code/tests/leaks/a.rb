class ApiController < ActionController::API
  rescue_from StandardError do |e|
    Rails.logger.error(e.message)
    render json: { error: e.message }, status: :internal_server_error # leak
  end
  rescue_from OrderError do |e|
    render json: { error: e.message }, status: 500
  end
end
