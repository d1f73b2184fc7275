"""From failures to root causes: the evidence, the rules that read it, and the groups that share a remedy."""
