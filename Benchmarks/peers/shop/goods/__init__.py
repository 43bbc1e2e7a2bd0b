"""What the shop sells, and what it is measured by."""
