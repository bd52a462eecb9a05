"""What runs inside the process of each side: the same acts, whichever settings the process has."""
