"""`newstap status`: how the service is, at a glance, by its state; without a lock, whether it runs or not."""
