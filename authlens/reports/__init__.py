"""What a scan found, as documents for people and programs."""
