"""What Microsoft.IdentityModel and its hosts can write: every text of every version, and what it means."""
