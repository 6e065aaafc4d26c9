"""What the kickstart's sections run: %pre, %post and %firstboot."""
