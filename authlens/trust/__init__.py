"""What an API should trust: its expectations, the documents of issuers, and the verdict on a token."""
