"""Every write about quotas and files."""
