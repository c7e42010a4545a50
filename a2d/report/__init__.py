"""What a comparison of runs says, as one HTML file."""
