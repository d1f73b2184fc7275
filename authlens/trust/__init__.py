"""What an API should trust: its expectations, the documents of issuers, and the judgement of a token."""
