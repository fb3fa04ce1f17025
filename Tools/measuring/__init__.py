"""What `Tools/measure` measures besides the way of a payment."""
