"""What owners do."""
