"""What happens, as data drawn from a seed: driving scenarios and gridworlds."""
